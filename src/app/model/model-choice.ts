import { activeModelSetting } from '../model-selection.ts';

/** Key in the settings table: the models that were active before, newest last. */
export const modelHistorySetting = 'model.history';

const kept = 20;

interface ChoiceSettings {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

/** Names of the packages that were active, newest last. */
export function modelHistory(settings: Pick<ChoiceSettings, 'get'>): string[] {
  const text = settings.get(modelHistorySetting);
  return text === undefined ? [] : (JSON.parse(text) as string[]);
}

/** Makes a package the active one and remembers the one before; the caller holds the transaction. */
export function chooseModel(settings: ChoiceSettings, name: string): void {
  const before = settings.get(activeModelSetting);
  if (before !== undefined && before !== name) {
    const history = [...modelHistory(settings), before].slice(-kept);
    settings.set(modelHistorySetting, JSON.stringify(history));
  }
  settings.set(activeModelSetting, name);
}

/** The package that was active before; undefined when there was none. */
export function previousModel(settings: Pick<ChoiceSettings, 'get'>): string | undefined {
  return modelHistory(settings).at(-1);
}

/** Takes the newest entry off the history and makes it the active one. */
export function choosePrevious(settings: ChoiceSettings): void {
  const history = modelHistory(settings);
  const name = history.pop();
  if (name === undefined) return;
  settings.set(modelHistorySetting, JSON.stringify(history));
  settings.set(activeModelSetting, name);
}
