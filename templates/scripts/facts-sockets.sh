# What listens on TCP, and which process.
echo "begin	ss"
ss -ltnp 2>/dev/null
echo "end	ss"
