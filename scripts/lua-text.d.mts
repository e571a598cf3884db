/** What Vite and Rolldown both take as a plugin. */
export declare const luaText: {
  readonly name: string;
  load(id: string): Promise<{ code: string; moduleType: 'js' } | null>;
};
