/**
 * Stands in for `react-style-singleton`, which writes a style element to stop the page from
 * scrolling behind a dialog. GraphiQL's page never scrolls, and its policy allows no such element.
 */
export const styleSingleton = () => () => null;
export const styleHookSingleton = () => () => undefined;
export const stylesheetSingleton = () => ({ add: () => undefined, remove: () => undefined });
