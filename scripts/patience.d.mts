export function patience(): number;
