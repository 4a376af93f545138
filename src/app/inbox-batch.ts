import { asNodeError, type ErrorCode } from '../core/errors.ts';
import type { AdmitRecord } from '../store/records.ts';
import type { AssociationRecord } from '../store/inbox.ts';
import type { Store } from '../store/store.ts';

/** What the listener wants written. Plain values: they travel between threads. */
export type InboxRequest =
  | { readonly kind: 'opened'; readonly association: AssociationRecord }
  | { readonly kind: 'admit'; readonly record: AdmitRecord }
  | { readonly kind: 'closed'; readonly associationId: string; readonly ending: string };

export type Admission = 'stored' | 'duplicate' | 'content-changed';

export type InboxAnswer =
  | { readonly kind: 'done'; readonly admission?: Admission }
  | { readonly kind: 'fault'; readonly code: ErrorCode; readonly message: string };

/**
 * Writes requests in their order in one transaction, so that 32 modalities that wait at once cost one fsync and not 32.
 * All of them are on the disk when this returns, or none is and each is answered with the fault: after a fault of the
 * database nothing in it may be called written (promise P1).
 */
export function writeBatch(
  { db, inbox }: Pick<Store, 'db' | 'inbox'>,
  runId: string,
  requests: readonly InboxRequest[],
): readonly InboxAnswer[] {
  if (requests.length === 0) return [];
  try {
    return db.transaction(() =>
      requests.map((request): InboxAnswer => {
        switch (request.kind) {
          case 'opened':
            inbox.associationOpened(request.association, runId);
            return { kind: 'done' };
          case 'admit':
            return { kind: 'done', admission: inbox.admit(request.record) };
          case 'closed':
            inbox.associationClosed(request.associationId, request.ending);
            return { kind: 'done' };
        }
      }),
    );
  } catch (error) {
    const { code, message } = asNodeError(error);
    return requests.map(() => ({ kind: 'fault', code, message }));
  }
}
