# A link to a unit file that another has replaced is in the way of `enable`; init scripts have none.
# Arguments: service
case $(systemctl show -p FragmentPath "$service.service") in
  FragmentPath=/run/systemd/generator*) systemctl enable "$service.service" ;;
  *) systemctl enable "$service.service" 2>/dev/null || systemctl reenable "$service.service" ;;
esac
