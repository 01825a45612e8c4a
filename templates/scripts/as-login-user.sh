# Runs the script ($2) by the runner ($1) as the login user.
runner=$1
set -- "$2"
eval "$runner"
