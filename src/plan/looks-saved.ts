/** What the text of a saved plan begins with. */
export const savedFormat = 'haup plan';

/** Whether a text is meant to be a saved plan, sound or not; its first 64 characters are enough. */
export const looksSaved = (text: string): boolean => /^\s*\{\s*"format"\s*:\s*"haup plan"/.test(text);
