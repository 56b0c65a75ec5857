// Jettons for the tests of TON, written after TEP-74 and TEP-89 and compiled here by the FunC
// compiler that @ton/sandbox comes with: a minter, its wallets, and an impostor that claims to be a
// wallet of any owner and jetton and notifies like one. They run on the real TVM; that they follow
// the standard is checked with the clients of @ton/ton.
import funcjs from '@ton-community/func-js';
import { Cell, beginCell, contractAddress } from '@ton/core';

const WORDS = `
() set_data(cell c) impure asm "c4 POP";
cell get_data() asm "c4 PUSH";
builder begin_cell() asm "NEWC";
cell end_cell(builder b) asm "ENDC";
slice begin_parse(cell c) asm "CTOS";
(slice, int) load_coins(slice s) asm( -> 1 0) "LDGRAMS";
(slice, slice) load_msg_addr(slice s) asm( -> 1 0) "LDMSGADDR";
(slice, cell) load_ref(slice s) asm( -> 1 0) "LDREF";
builder store_coins(builder b, int x) asm "STGRAMS";
builder store_slice(builder b, slice s) asm "STSLICER";
builder store_ref(builder b, cell c) asm(c b) "STREF";
builder store_maybe_ref(builder b, cell c) asm(c b) "STDICT";
int same(slice a, slice b) asm "SDEQ";
int is_empty(slice s) asm "SEMPTY";
int bits_left(slice s) asm "SBITS";
int hash_of(cell c) asm "HASHCU";
() send(cell message, int mode) impure asm "SENDRAWMSG";

const int transfer = 0x0f8a7ea5;
const int internal_transfer = 0x178d4519;
const int notification = 0x7362d09c;
const int excesses = 0xd53276db;

cell wallet_init(slice owner, slice master, cell code) inline {
    cell data = begin_cell().store_coins(0).store_slice(owner).store_slice(master)
        .store_ref(code).end_cell();
    return begin_cell().store_uint(0, 2).store_maybe_ref(code).store_maybe_ref(data)
        .store_uint(0, 1).end_cell();
}
slice address_of(cell init) inline {
    return begin_cell().store_uint(4, 3).store_int(0, 8).store_uint(hash_of(init), 256)
        .end_cell().begin_parse();
}
() deliver(slice to, int value, cell init, cell body, int mode) impure inline {
    send(begin_cell().store_uint(0x18, 6).store_slice(to).store_coins(value)
        .store_uint(7, 108).store_ref(init).store_ref(body).end_cell(), mode);
}
() tell(slice to, int value, cell body, int mode) impure inline {
    send(begin_cell().store_uint(0x10, 6).store_slice(to).store_coins(value)
        .store_uint(1, 107).store_ref(body).end_cell(), mode);
}
`;

const WALLET = `${WORDS}
(int, slice, slice, cell) load() inline {
    slice data = get_data().begin_parse();
    return (data~load_coins(), data~load_msg_addr(), data~load_msg_addr(), data~load_ref());
}
() save(int balance, slice owner, slice master, cell code) impure inline {
    set_data(begin_cell().store_coins(balance).store_slice(owner).store_slice(master)
        .store_ref(code).end_cell());
}
() recv_internal(int own, int value, cell message, slice body) impure {
    slice head = message.begin_parse();
    int flags = head~load_uint(4);
    slice sender = head~load_msg_addr();
    var (balance, owner, master, code) = load();
    if (flags & 1) {
        body~load_uint(128);
        save(balance + body~load_coins(), owner, master, code);
        return ();
    }
    if (is_empty(body)) { return (); }
    int op = body~load_uint(32);
    int query = body~load_uint(64);
    if (op == transfer) {
        int amount = body~load_coins();
        slice to = body~load_msg_addr();
        slice rest_to = body~load_msg_addr();
        if (body~load_uint(1)) { body~load_ref(); }
        int forward = body~load_coins();
        throw_unless(705, same(sender, owner));
        throw_unless(706, balance >= amount);
        save(balance - amount, owner, master, code);
        cell init = wallet_init(to, master, code);
        deliver(address_of(init), 0, init, begin_cell().store_uint(internal_transfer, 32)
            .store_uint(query, 64).store_coins(amount).store_slice(owner).store_slice(rest_to)
            .store_coins(forward).store_slice(body).end_cell(), 64);
        return ();
    }
    if (op == internal_transfer) {
        int amount = body~load_coins();
        slice from = body~load_msg_addr();
        slice rest_to = body~load_msg_addr();
        int forward = body~load_coins();
        int is_known = same(sender, master);
        if (bits_left(from) > 2) {
            is_known = is_known | same(sender, address_of(wallet_init(from, master, code)));
        }
        throw_unless(707, is_known);
        save(balance + amount, owner, master, code);
        if (forward) {
            tell(owner, forward, begin_cell().store_uint(notification, 32).store_uint(query, 64)
                .store_coins(amount).store_slice(from).store_slice(body).end_cell(), 1);
        }
        int rest = value - forward - 20000000;
        if ((rest > 0) & (bits_left(rest_to) > 2)) {
            tell(rest_to, rest,
                begin_cell().store_uint(excesses, 32).store_uint(query, 64).end_cell(), 2);
        }
        return ();
    }
    throw(0xffff);
}
(int, slice, slice, cell) get_wallet_data() method_id { return load(); }
`;

const MINTER = `${WORDS}
(int, slice, cell, cell) load() inline {
    slice data = get_data().begin_parse();
    return (data~load_coins(), data~load_msg_addr(), data~load_ref(), data~load_ref());
}
slice me() asm "MYADDR";
() recv_internal(int own, int value, cell message, slice body) impure {
    slice head = message.begin_parse();
    if (head~load_uint(4) & 1) { return (); }
    slice sender = head~load_msg_addr();
    if (is_empty(body)) { return (); }
    var (supply, admin, content, code) = load();
    throw_unless(73, same(sender, admin));
    throw_unless(0xffff, body~load_uint(32) == 21);
    body~load_uint(64);
    slice to = body~load_msg_addr();
    int postage = body~load_coins();
    cell order = body~load_ref();
    slice read = order.begin_parse();
    read~load_uint(96);
    set_data(begin_cell().store_coins(supply + read~load_coins()).store_slice(admin)
        .store_ref(content).store_ref(code).end_cell());
    cell init = wallet_init(to, me(), code);
    deliver(address_of(init), postage, init, order, 1);
}
(int, int, slice, cell, cell) get_jetton_data() method_id {
    var (supply, admin, content, code) = load();
    return (supply, -1, admin, content, code);
}
slice get_wallet_address(slice owner) method_id {
    var (supply, admin, content, code) = load();
    return address_of(wallet_init(owner, me(), code));
}
`;

const IMPOSTOR = `${WORDS}
(slice, slice) load() inline {
    slice data = get_data().begin_parse();
    return (data~load_msg_addr(), data~load_msg_addr());
}
() recv_internal(int own, int value, cell message, slice body) impure {
    var (owner, master) = load();
    if (is_empty(body)) { return (); }
    body~load_uint(96);
    tell(owner, 50000000, begin_cell().store_uint(notification, 32).store_uint(0, 64)
        .store_coins(body~load_coins()).store_uint(0, 2).store_uint(0, 1).end_cell(), 1);
}
(int, slice, slice, cell) get_wallet_data() method_id {
    var (owner, master) = load();
    return (1000000000, owner, master, get_data());
}
`;

async function compiled(source) {
    const result = await funcjs.compileFunc({ targets: ['it.fc'], sources: { 'it.fc': source } });
    if (result.status === 'error') throw new Error(result.message);
    return Cell.fromBase64(result.codeBoc);
}

export const codes = {
    wallet: await compiled(WALLET),
    minter: await compiled(MINTER),
    impostor: await compiled(IMPOSTOR),
};

const atAddress = (init) => ({ init, address: contractAddress(0, init) });

export function minter(admin, name) {
    const content = beginCell().storeUint(1, 8).storeStringTail(name).endCell();
    const data = beginCell().storeCoins(0).storeAddress(admin).storeRef(content)
        .storeRef(codes.wallet).endCell();
    return atAddress({ code: codes.minter, data });
}

export function impostor(owner, master) {
    const data = beginCell().storeAddress(owner).storeAddress(master).endCell();
    return atAddress({ code: codes.impostor, data });
}

/// What a minter is told to mint; `forward` coins go on to the owner with a notification.
export function mintBody(to, amount, forward) {
    return beginCell().storeUint(21, 32).storeUint(0, 64).storeAddress(to)
        .storeCoins(100_000_000n + forward).storeRef(internalTransferBody(amount, forward))
        .endCell();
}

export function internalTransferBody(amount, forward) {
    return beginCell().storeUint(0x178d4519, 32).storeUint(0, 64).storeCoins(amount)
        .storeAddress(null).storeAddress(null).storeCoins(forward).storeBit(0).endCell();
}

/// TEP-74's `transfer`, with the comment in a cell of its own as wallets write it.
export function transferBody({ to, amount, forward, comment, responseTo }) {
    const text = beginCell().storeUint(0, 32).storeStringTail(comment ?? '').endCell();
    return beginCell().storeUint(0x0f8a7ea5, 32).storeUint(7, 64).storeCoins(amount)
        .storeAddress(to).storeAddress(responseTo).storeBit(0).storeCoins(forward)
        .storeMaybeRef(comment === undefined ? null : text).endCell();
}

/// A notification as anybody can write it.
export function notificationBody(amount, from) {
    return beginCell().storeUint(0x7362d09c, 32).storeUint(0, 64).storeCoins(amount)
        .storeAddress(from).storeBit(0).endCell();
}
