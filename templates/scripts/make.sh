# Arguments: directory
# Needs: build-step
cd "$directory"
make -j"$(nproc)"
