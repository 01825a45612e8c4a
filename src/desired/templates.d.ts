/** The files below templates/, compiled by scripts/templates.mjs: name without `.hbs` → what Handlebars made of it. */
declare module 'haup:templates' {
  export const specs: Readonly<Record<string, object>>;
}

/** Its own types are empty. */
declare module 'handlebars/runtime.js' {
  const runtime: { readonly template: (spec: object) => (data: object) => string };
  // eslint-disable-next-line import/no-default-export -- this is how CommonJS reaches an ES module
  export default runtime;
}
