export function patience(): number;
export function processors(): number;
