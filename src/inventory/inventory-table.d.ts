/** The schema as plain data; made by scripts/inventory-table.mjs. */
declare module 'haup:inventory-table' {
  type Absent =
    | { readonly absent?: undefined }
    /** A key that may be left out: then it has no value, this one, or what its rule makes of this one. */
    | { readonly absent: 'stays' }
    | { readonly absent: 'is' | 'reads'; readonly value: unknown };

  export type Rule = Absent &
    (
      | { readonly is: 'text'; readonly patterns: readonly RegExp[] }
      | { readonly is: 'number'; readonly whole: boolean; readonly min: number; readonly max: number }
      | { readonly is: 'flag' }
      | { readonly is: 'one'; readonly of: readonly unknown[] }
      | { readonly is: 'list'; readonly of: Rule; readonly least: number }
      | { readonly is: 'map'; readonly keys: Readonly<Record<string, Rule>> }
      /** A map of names that are free. */
      | { readonly is: 'named'; readonly name: Rule; readonly of: Rule }
      | { readonly is: 'either'; readonly of: readonly Rule[] }
      /** The value goes through a function first, or last; `call` is its name in the schema. */
      | { readonly is: 'before' | 'after'; readonly call: string; readonly of: Rule }
    );

  export const table: Rule;
}
