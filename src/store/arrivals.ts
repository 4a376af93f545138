import type { Database } from './database.ts';

/** What is known about a sender when somebody asks for an image that is not there. */
export interface SenderArrival {
  readonly callingAeTitle: string;
  readonly lastImageAtMs: number;
  readonly images24h: number;
}

/** One way in which something was turned away at the door, and how often in the span asked for. */
export interface DoorRefusal {
  readonly callingAeTitle: string;
  readonly peerIp: string | null;
  /** The cause of a refused association, or the sentence for a refused object. */
  readonly cause: string;
  readonly count: number;
  readonly lastAtMs: number;
}

/** Who sends, when last, and who was turned away. Reads only. */
export class Arrivals {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Every sender that ever stored an image here, with its last one; as fast with a million images as with ten. */
  senders(nowMs: number): SenderArrival[] {
    return this.#db.sql<SenderArrival>(sendersByLastImage).all({ sinceMs: nowMs - 86_400_000 });
  }

  /** The time of the oldest row of the audit trail: before it nothing is known. */
  booksSinceMs(): number | undefined {
    return this.#db.sql<{ at: number | null }>('SELECT min(atMs) AS at FROM audit').get()?.at ?? undefined;
  }

  /** What was turned away since then, most frequent first, at most `limit` kinds. */
  turnedAway(sinceMs: number, limit: number): DoorRefusal[] {
    return this.#db.sql<DoorRefusal>(turnedAwaySince).all({ sinceMs: Math.trunc(sinceMs), limit });
  }
}

/** Skips from sender to sender along the index instead of reading every image; exported so that a test can see it. */
export const sendersByLastImage = `WITH RECURSIVE sender (callingAeTitle) AS (
    SELECT min(callingAeTitle) FROM instance
    UNION ALL
    SELECT (SELECT min(i.callingAeTitle) FROM instance i WHERE i.callingAeTitle > sender.callingAeTitle)
    FROM sender WHERE sender.callingAeTitle IS NOT NULL)
  SELECT callingAeTitle,
    (SELECT max(receivedAtMs) FROM instance i WHERE i.callingAeTitle = sender.callingAeTitle) AS lastImageAtMs,
    (SELECT count(*) FROM instance i WHERE i.callingAeTitle = sender.callingAeTitle AND i.receivedAtMs > @sinceMs) AS images24h
  FROM sender WHERE callingAeTitle IS NOT NULL ORDER BY callingAeTitle`;

const turnedAwaySince = `SELECT callingAeTitle, json_extract(fieldsJson, '$.peerIp') AS peerIp,
    coalesce(json_extract(fieldsJson, '$.cause'), json_extract(fieldsJson, '$.detail'), event) AS cause,
    count(*) AS count, max(atMs) AS lastAtMs
  FROM audit WHERE event IN ('ASSOCIATION_REJECTED','INSTANCE_REFUSED','PROTOCOL_VIOLATION','TLS_REFUSED') AND atMs >= @sinceMs
  GROUP BY callingAeTitle, peerIp, cause ORDER BY count DESC, lastAtMs DESC LIMIT @limit`;
