# As in Red Hat's package: a sample as the configuration, and settings in /etc/sysconfig.
mv etc/default etc/sysconfig
echo 'KEEPALIVED_OPTIONS="-D"' >etc/sysconfig/keepalived
rm -r etc/init.d
sed -i 's|/etc/default|/etc/sysconfig|; s/DAEMON_ARGS/KEEPALIVED_OPTIONS/' usr/lib/systemd/system/keepalived.service
if [ -e etc/keepalived/keepalived.conf.sample ]; then mv etc/keepalived/keepalived.conf.sample etc/keepalived/keepalived.conf; fi
