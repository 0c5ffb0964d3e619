import { describe, expect, test } from 'vitest';

import { Contacts } from '../../../../src/protocol/overlay/contacts.ts';
import { OwnRecord } from '../../../../src/protocol/overlay/own-record.ts';
import {
  addressNumbered,
  ipNumbered,
  optionsOf,
  ownRecord,
  recordOf,
} from '../../../support/membership-fixtures.ts';
import { peerNumbered } from '../../../support/protocol-fixtures.ts';

function contactsOf(): Contacts {
  const own = new OwnRecord(optionsOf());
  own.take(ownRecord);
  return new Contacts(own);
}

/** A peer that says it is at these addresses dials from somewhere. */
function add(contacts: Contacts, number: number, addresses: string[], remote: string): void {
  contacts.add(recordOf(number, { addresses }), remote);
}

const numbers = (contacts: Contacts, upTo = 200) => {
  const peers = contacts.all().map(({ peer }) => peer);
  return peers.map((peer) =>
    Array.from({ length: upTo }, (_, number) => number).find((n) => peerNumbered(n) === peer),
  );
};

describe('who has dialled', () => {
  test('is a contact at the addresses that it tells of', () => {
    const contacts = contactsOf();
    add(contacts, 1, ['10.0.0.1:1', '8.8.1.1:1'], '8.8.2.2');
    expect(contacts.all()).toEqual([
      { peer: peerNumbered(1), addresses: ['10.0.0.1:1', '8.8.1.1:1'] },
    ]);
  });

  test('and is elsewhere than where it says is none', () => {
    const contacts = contactsOf();
    add(contacts, 1, ['8.8.1.1:1'], '7.7.1.1');
    add(contacts, 2, ['a.example.org:1'], '7.7.1.1');
    add(contacts, 3, [], '7.7.1.1');
    expect(contacts.all()).toEqual([]);
  });

  test('from nearby is none: no network is seen', () => {
    const contacts = contactsOf();
    add(contacts, 1, ['8.8.1.1:1', '192.168.1.1:1'], '192.168.1.1');
    expect(contacts.all()).toEqual([]);
  });
});

describe('places', () => {
  test('are one for each network, for who has dialled last', () => {
    const contacts = contactsOf();
    add(contacts, 1, ['8.8.1.1:1'], '8.8.1.1');
    add(contacts, 2, ['7.7.1.1:1'], '7.7.1.1');
    add(contacts, 3, ['8.8.9.9:1'], '8.8.9.9');
    expect(numbers(contacts)).toEqual([2, 3]);
  });

  test('are one for each peer of the own network', () => {
    const contacts = contactsOf();
    for (const number of [1, 2, 1]) add(contacts, number, [`9.9.1.${number}:1`], '9.9.1.1');
    expect(numbers(contacts)).toEqual([2, 1]);
  });

  test('are 64, and who has dialled longest ago leaves its own', () => {
    const contacts = contactsOf();
    for (let number = 0; number < 66; number++) {
      add(contacts, number, [addressNumbered(number)], ipNumbered(number));
    }
    expect(numbers(contacts)).toEqual(Array.from({ length: 64 }, (_, index) => index + 2));
  });
});
