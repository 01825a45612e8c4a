/** What the rendered configuration asks of the builds that will read it. Pure. */

import type { BuildNeed } from '../model/desired.ts';
import type { Inventory, Service } from '../model/domain.ts';
import { initFeature } from '../model/layout.ts';
import { directives } from './server-block.ts';

export function buildNeeds(inventory: Inventory, service: Service): readonly BuildNeed[] {
  return service === 'keepalived' ? keepalivedNeeds(inventory) : nginxNeeds(inventory);
}

/** The words are those of the summary at the end of keepalived's ./configure. */
function keepalivedNeeds({ vrrp, keepalived }: Inventory): readonly BuildNeed[] {
  return [
    { feature: 'Use VRRP Framework', for: 'every virtual IP' },
    ...(vrrp.authPass === null ? [] : [{ feature: 'Use VRRP authentication', for: 'vrrp.auth_pass' }]),
    ...(keepalived.service === 'sysv' ? [{ feature: initFeature, for: 'keepalived.service: sysv' }] : []),
  ];
}

/** The words are the modules of nginx, as objs/ngx_modules.c names them, without the `ngx_` in front. */
function nginxNeeds({ nginx }: Inventory): readonly BuildNeed[] {
  const needs: BuildNeed[] = [{ feature: 'http_rewrite_module', for: 'the answer to /haup/host' }];
  for (const site of nginx.sites) {
    const { name, serves } = site;
    if (serves.kind === 'proxy') {
      for (const feature of ['http_proxy_module', 'http_upstream_keepalive_module'])
        needs.push({ feature, for: `the site ${name}, which passes requests on` });
    }
    if (serves.kind === 'stream') {
      for (const feature of ['stream_core_module', 'stream_proxy_module'])
        needs.push({ feature, for: `the site ${name}, which passes TCP connections on` });
    }
    if (serves.kind !== 'file') continue;
    for (const [directive = '', ...values] of directives(serves.text)) {
      for (const feature of featuresOf(directive, values))
        needs.push({ feature, for: `${[directive, ...values].join(' ').slice(0, 60)} of the site ${name}` });
    }
  }
  // One reason for each is enough.
  return needs.filter((need, index) => needs.findIndex(({ feature }) => feature === need.feature) === index);
}

function featuresOf(directive: string, values: readonly string[]): readonly string[] {
  const found = modules.filter(([pattern]) => pattern.test(directive)).map(([, feature]) => feature);
  if (directive !== 'listen') return found;
  const words: readonly (readonly [string, string])[] = [
    ['ssl', 'http_ssl_module'],
    ['http2', 'http_v2_module'],
    ['quic', 'http_v3_module'],
  ];
  return words.flatMap(([word, feature]) => (values.includes(word) ? [feature] : []));
}

/** Directives of modules that a build can be without. */
const modules: readonly (readonly [RegExp, string])[] = [
  [/^(rewrite|return|set|if|break|rewrite_log)$/, 'http_rewrite_module'],
  [/^ssl(_|$)/, 'http_ssl_module'],
  [/^http2(_|$)/, 'http_v2_module'],
  [/^(http3(_|$)|quic_)/, 'http_v3_module'],
  [/^proxy_/, 'http_proxy_module'],
  [/^fastcgi_/, 'http_fastcgi_module'],
  [/^uwsgi_/, 'http_uwsgi_module'],
  [/^scgi_/, 'http_scgi_module'],
  [/^grpc_/, 'http_grpc_module'],
  [/^memcached_/, 'http_memcached_module'],
  [/^gzip(?!_static)(_|$)/, 'http_gzip_filter_module'],
  [/^gzip_static$/, 'http_gzip_static_module'],
  [/^gunzip(_|$)/, 'http_gunzip_filter_module'],
  [/^stub_status$/, 'http_stub_status_module'],
  [/^(set_real_ip_from|real_ip_header|real_ip_recursive)$/, 'http_realip_module'],
  [/^auth_request(_|$)/, 'http_auth_request_module'],
  [/^auth_basic(_|$)/, 'http_auth_basic_module'],
  [/^(allow|deny)$/, 'http_access_module'],
  [/^autoindex(_|$)/, 'http_autoindex_module'],
  [/^limit_conn(_|$)/, 'http_limit_conn_module'],
  [/^limit_req(_|$)/, 'http_limit_req_module'],
  [/^map(_|$)/, 'http_map_module'],
  [/^geo$/, 'http_geo_module'],
  [/^geoip_/, 'http_geoip_module'],
  [/^split_clients$/, 'http_split_clients_module'],
  [/^(valid_referers|referer_hash_.*)$/, 'http_referer_module'],
  [/^charset(_|$)/, 'http_charset_filter_module'],
  [/^ssi(_|$)/, 'http_ssi_filter_module'],
  [/^sub_filter(_|$)/, 'http_sub_filter_module'],
  [/^(add_before_body|add_after_body|addition_types)$/, 'http_addition_filter_module'],
  [/^userid(_|$)/, 'http_userid_filter_module'],
  [/^xslt_/, 'http_xslt_filter_module'],
  [/^image_filter(_|$)/, 'http_image_filter_module'],
  [/^(dav_.*|create_full_put_path|min_delete_depth)$/, 'http_dav_module'],
  [/^mp4(_|$)/, 'http_mp4_module'],
  [/^flv$/, 'http_flv_module'],
  [/^slice$/, 'http_slice_filter_module'],
  [/^random_index$/, 'http_random_index_module'],
  [/^secure_link(_|$)/, 'http_secure_link_module'],
  [/^empty_gif$/, 'http_empty_gif_module'],
  [/^mirror(_|$)/, 'http_mirror_module'],
  [/^ip_hash$/, 'http_upstream_ip_hash_module'],
  [/^least_conn$/, 'http_upstream_least_conn_module'],
];
