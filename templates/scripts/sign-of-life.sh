# Says that the operator's machine is there.
# Needs: beat
beat
