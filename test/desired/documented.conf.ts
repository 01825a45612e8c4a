/** The four stanzas of the source document, by host, with its comments. */

export const keep136 = `! Configuration File for keepalived

# global
global_defs {
    router_id keep_136          # unique for each host
}

# node
vrrp_instance VI_1 {
    state MASTER                # MASTER/BACKUP
    interface ens33             # the interface that the VIP is bound to
    virtual_router_id 51        # the same on master and backup
    priority 100                # the weight of the node
    advert_int 1                # seconds

    # keeps strangers out
    authentication {
        auth_type PASS
        auth_pass 1111
    }

    # the VIP
    virtual_ipaddress {
        192.168.160.161
    }
}

# the backup of the other one
vrrp_instance VI_2 {
    state BACKUP
    interface ens33
    virtual_router_id 52
    priority 80
    advert_int 1

    authentication {
        auth_type PASS
        auth_pass 1111
    }

    virtual_ipaddress {
        192.168.160.162
    }
}
`;

export const keep137 = `! Configuration File for keepalived

global_defs {
    router_id keep_137
}

vrrp_instance VI_1 {
    state BACKUP
    interface ens33
    virtual_router_id 51
    priority 80
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 1111
    }
    virtual_ipaddress {
        192.168.160.161
    }
}

# the master of its own
vrrp_instance VI_2 {
    state MASTER
    interface ens33
    virtual_router_id 52
    priority 100
    advert_int 1

    authentication {
        auth_type PASS
        auth_pass 1111
    }

    virtual_ipaddress {
        192.168.160.162
    }
}
`;
