// Stands in for a TON node and its indexer: there is none in any package registry.
//
// Real: the virtual machine and the rules of transactions (@ton/sandbox), the wallet that pays
// (W5R1 of @ton/ton, signed outside), the hashes of transactions and messages. Our own invention:
// masterchain and shard blocks, their numbers, hashes and times, which transactions they commit,
// and the shape of the answers, written after toncenter's API v3. `spread` puts every transaction
// of a chain of messages into a block of its own, as shards do. `/node/NAME/` are nodes that share
// this chain; `/act/fault` makes one lag, lie, forget or talk garbage.
import http from 'node:http';
import crypto from 'node:crypto';
import { Blockchain } from '@ton/sandbox';
import { Address, Cell, beginCell, external, internal, storeMessage, SendMode } from '@ton/core';
import { JettonMaster, JettonWallet, WalletContractV5R1 } from '@ton/ton';
import { keyPairFromSeed } from '@ton/crypto';
import * as jettons from './ton-jetton.mjs';

const FIRST_SEQNO = 1000;
const MASTERCHAIN_SHARD = '-9223372036854775808';
const SHARDS = ['4611686018427387904', '-4611686018427387904'];

const chain = await Blockchain.create();
chain.now = 1_800_000_000;
const treasury = await chain.treasury('treasury');
const key = keyPairFromSeed(Buffer.alloc(32, 7));
const payer = WalletContractV5R1.create({ publicKey: key.publicKey });
const minters = {};
const faults = {};
const wallets = new Map();
let blocks = [];
let fork = 0;
let payerSeqno = 0;
let saved = null;
let lastAct = Promise.resolve();

const upperHex = (bytes) => bytes.toString('hex').toUpperCase();
const raw = (address) => (address ? `${address.workChain}:${upperHex(address.hash)}` : null);
const base64 = (cell) => cell.hash().toString('base64');
const hex = (cell) => cell.hash().toString('hex');

function commit(transactions) {
    const seqno = FIRST_SEQNO + blocks.length;
    const hash = crypto.createHash('sha256').update(`${fork} ${seqno}`).digest('base64');
    const block = { seqno, hash, time: chain.now, transactions: [] };
    block.transactions = transactions.map((it) => described(it, seqno));
    blocks.push(block);
    chain.now += 5;
}

function described(it, seqno) {
    const { description } = it;
    const compute = description.computePhase;
    const content = it.raw.refs[0];
    const inCell = it.inMessage ? content.refs[0] : null;
    const bounce = { ok: 'ok', 'no-funds': 'nofunds', 'negative-funds': 'negfunds' };
    const row = {
        account: raw(new Address(it.inMessage.info.dest.workChain, addressBytes(it.address))),
        hash: it.hash().toString('base64'), lt: String(it.lt), now: it.now,
        mc_block_seqno: seqno, emulated: false,
        prev_trans_lt: String(it.prevTransactionLt),
        orig_status: it.oldStatus, end_status: it.endStatus,
        total_fees: String(it.totalFees.coins),
        description: {
            type: 'ord', aborted: description.aborted, destroyed: description.destroyed,
            compute_ph: compute.type === 'skipped'
                ? { skipped: true, reason: compute.reason.replace('-', '_') }
                : { skipped: false, success: compute.success, exit_code: compute.exitCode },
            ...(description.bouncePhase
                && { bounce: { type: bounce[description.bouncePhase.type] } }),
        },
        in_msg: message(it.inMessage, inCell),
        out_msgs: [...it.outMessages.values()].map((one) =>
            message(one, beginCell().store(storeMessage(one)).endCell())),
    };
    Object.defineProperty(row, 'it', { value: it, enumerable: false });
    Object.defineProperty(row, 'inHash', { value: inCell && hex(inCell), enumerable: false });
    it.row = row;
    return row;
}

const addressBytes = (number) => Buffer.from(number.toString(16).padStart(64, '0'), 'hex');

function message(it, cell) {
    const { info } = it;
    const isInternal = info.type === 'internal';
    const head = it.body.beginParse();
    const hasOpcode = head.remainingBits >= 32;
    return {
        hash: base64(cell), source: raw(info.src), destination: raw(info.dest),
        value: isInternal ? String(info.value.coins) : null,
        created_lt: isInternal ? String(info.createdLt) : null,
        opcode: hasOpcode ? `0x${head.preloadUint(32).toString(16).padStart(8, '0')}` : null,
        bounce: isInternal ? info.bounce : null, bounced: isInternal ? info.bounced : null,
        message_content: {
            hash: base64(it.body), body: it.body.toBoc().toString('base64'), decoded: null,
        },
    };
}

/// Runs a message and everything it leads to, into one block or one block a transaction.
async function run(message, spread) {
    const done = [];
    for await (const transaction of await chain.sendMessageIter(message)) {
        done.push(transaction);
        if (spread) commit([transaction]);
    }
    if (!spread) commit(done);
    return done;
}

/// A message as if another contract had sent it.
async function fromTreasury(to, value, body, { init, spread = false } = {}) {
    return run(treasuryMessage(to, value, body, init), spread);
}

function treasuryMessage(to, value, body, init) {
    const info = {
        type: 'internal', ihrDisabled: true, bounce: false, bounced: false,
        src: treasury.address, dest: to, value: { coins: BigInt(value) },
        ihrFee: 0n, forwardFee: 0n, createdAt: 0, createdLt: 0n,
    };
    return { info, init, body: body ?? Cell.EMPTY };
}

/// One signed order of the paying wallet, with up to 255 messages.
async function order(messages, spread) {
    const body = payer.createTransfer({
        seqno: payerSeqno, secretKey: key.secretKey, sendMode: SendMode.PAY_GAS_SEPARATELY,
        messages, timeout: chain.now + 600,
    });
    const init = payerSeqno === 0 ? payer.init : undefined;
    payerSeqno += 1;
    const it = external({ to: payer.address, init, body });
    const signed = beginCell().store(storeMessage(it)).endCell();
    return { signed: hex(signed), transactions: await run(it, spread) };
}

async function walletAddress(master, owner) {
    const argument = { type: 'slice', cell: beginCell().storeAddress(owner).endCell() };
    const answer = await chain.runGetMethod(master, 'get_wallet_address', [argument]);
    return answer.stackReader.readAddress();
}

async function asMessage(it) {
    const to = Address.parse(it.to);
    if (it.kind === 'coins') {
        const value = BigInt(it.value);
        return internal({ to, value, bounce: it.bounce ?? false, body: it.comment });
    }
    const amount = BigInt(it.amount);
    const forward = BigInt(it.forward);
    const body = jettons.transferBody({ ...it, to, amount, forward, responseTo: payer.address });
    const wallet = await walletAddress(minters[it.jetton].address, payer.address);
    return internal({ to: wallet, value: 150_000_000n + forward, bounce: true, body });
}

const inHex = (hash) => Buffer.from(hash, 'base64').toString('hex');
const rows = (transactions) =>
    transactions.map((it) => ({ ...it.row, hash: inHex(it.row.hash) }));

const acts = {
    async pay({ messages, spread }) {
        const sent = await order(await Promise.all(messages.map(asMessage)), spread ?? false);
        return { signed: sent.signed, transactions: rows(sent.transactions) };
    },
    /// Straight from the minter, which leaves no `transfer` anywhere.
    async mint({ jetton, to, amount, forward, spread }) {
        const body = jettons.mintBody(Address.parse(to), BigInt(amount), BigInt(forward));
        const done = await fromTreasury(minters[jetton].address, 1_000_000_000n, body, { spread });
        return { transactions: rows(done) };
    },
    async notify({ to, amount, value }) {
        const body = jettons.notificationBody(BigInt(amount), payer.address);
        return { transactions: rows(await fromTreasury(Address.parse(to), value, body)) };
    },
    /// A contract that says it is the owner's wallet and acts like it.
    async impersonate({ owner, jetton, amount }) {
        const master = minters[jetton]?.address ?? Address.parse(jetton);
        const it = jettons.impostor(Address.parse(owner), master);
        const body = jettons.internalTransferBody(BigInt(amount), 0n);
        return { transactions: rows(await fromTreasury(it.address, 1_000_000_000n, body, it)) };
    },
    /// One block of many payments, one unit more each.
    async crowd({ to, count }) {
        const done = [];
        for (let paid = 1; paid <= count; paid += 1) {
            const message = treasuryMessage(Address.parse(to), paid);
            for await (const it of await chain.sendMessageIter(message)) done.push(it);
        }
        commit(done);
        return {};
    },
    async blocks({ count }) {
        for (let made = 0; made < count; made += 1) commit([]);
        return {};
    },
    async save() {
        saved = { snapshot: chain.snapshot(), length: blocks.length, payerSeqno };
        return {};
    },
    async rollback() {
        await chain.loadFrom(saved.snapshot);
        blocks = blocks.slice(0, saved.length);
        payerSeqno = saved.payerSeqno;
        fork += 1;
        return {};
    },
    async fault({ node, fault }) {
        faults[node] = fault;
        return {};
    },
};

const shardBlock = (block, workchain, shard, transactions) => ({
    workchain, shard, seqno: workchain === -1 ? block.seqno : block.seqno * 2,
    global_id: block.network ?? -3,
    root_hash: block.hash, file_hash: block.hash, gen_utime: String(block.time),
    tx_count: transactions.length,
    masterchain_block_ref: { workchain: -1, shard: MASTERCHAIN_SHARD, seqno: block.seqno },
});
const shardOf = (it) => (parseInt(it.account.split(':')[1][0], 16) < 8 ? 0 : 1);
const masterchainBlock = (block) => shardBlock(block, -1, MASTERCHAIN_SHARD, []);

function answers(fault) {
    const visible = blocks.slice(0, blocks.length - (fault.lag ?? 0)).map((block) => (
        fault.lie === block.seqno
            ? { ...block, hash: Buffer.alloc(32, 'lie').toString('base64'), transactions: [] }
            : { ...block, network: fault.network }));
    const known = (fault.forget ? [] : visible);
    const at = (seqno) => known.find((block) => block.seqno === Number(seqno));
    const all = () => known.flatMap((block) => block.transactions);
    const page = (list, query) => {
        const offset = Number(query.get('offset') ?? 0);
        const sorted = query.get('sort') === 'asc' ? list : [...list].reverse();
        const cut = sorted.slice(offset, offset + Math.min(Number(query.get('limit') ?? 10), 1000));
        return { transactions: fault.withhold ? cut.slice(1) : cut, address_book: {} };
    };
    const isHash = (it, wanted) => inHex(it.hash) === wanted;
    return {
        masterchainInfo: () => ({
            last: masterchainBlock(visible.at(-1)), first: masterchainBlock(visible[0]),
        }),
        blocks(query) {
            const block = at(query.get('mc_seqno') ?? query.get('seqno'));
            if (!block) return { blocks: [] };
            if (query.get('workchain') === '-1') return { blocks: [masterchainBlock(block)] };
            const shards = SHARDS.map((shard, place) =>
                shardBlock(block, 0, shard,
                    block.transactions.filter((it) => shardOf(it) === place)));
            return { blocks: [masterchainBlock(block), ...shards] };
        },
        transactionsByMasterchainBlock: (query) =>
            page(at(query.get('seqno'))?.transactions ?? [], query),
        transactions(query) {
            const account = query.get('account');
            const since = Number(query.get('start_utime') ?? 0);
            return page(all().filter((it) =>
                (!query.has('hash') || isHash(it, query.get('hash')))
                && (!account || it.account.toLowerCase() === account) && it.now >= since), query);
        },
        transactionsByMessage: (query) =>
            page(all().filter((it) => it.inHash === query.get('msg_hash')), query),
        adjacentTransactions(query) {
            const it = all().find((one) => isHash(one, query.get('hash')))?.it;
            const near = query.get('direction') === 'in' ? [it?.parent] : it?.children ?? [];
            const committed = new Set(all());
            const rowsNear = near.map((one) => one?.row).filter((row) => committed.has(row));
            return { transactions: rowsNear };
        },
        async jettonWallets(query) {
            const seen = new Set(all().map((it) => it.account));
            const owner = query.get('owner_address')?.toUpperCase();
            const asked = query.getAll('address').map((it) => it.toUpperCase());
            const found = [];
            for (const account of owner ? seen : asked.filter((it) => seen.has(it))) {
                const it = fault.unrecognized ? null : await recognized(account);
                if (it && (!owner || it.owner === owner)) found.push(it);
            }
            return { jetton_wallets: found };
        },
    };
}

/// A jetton wallet, if its master agrees that it is one.
async function recognized(account) {
    if (wallets.has(account)) return wallets.get(account);
    const claim = await getMethod({ address: account, method: 'get_wallet_data', stack: [] });
    if (claim.exit_code !== 0) return null;
    const [owner, master] = [claim.stack[1], claim.stack[2]].map((entry) =>
        Cell.fromBase64(entry.value).beginParse().loadAddress());
    // A stranger's wallet may name a master that is not there.
    const own = await walletAddress(master, owner).catch(() => null);
    if (!own?.equals(Address.parse(account))) return null;
    const it = { address: account, owner: raw(owner), jetton: raw(master), balance: '0' };
    wallets.set(account, it);
    return it;
}

async function getMethod({ address, method, stack }) {
    const items = stack.map(({ type, value }) =>
        (type === 'num'
            ? { type: 'int', value: BigInt(value) }
            : { type, cell: Cell.fromBase64(value) }));
    try {
        const result = await chain.runGetMethod(Address.parse(address), method, items);
        return {
            gas_used: Number(result.gasUsed), exit_code: 0,
            stack: result.stack.map((it) => (it.type === 'int'
                ? { type: 'num', value: `0x${it.value.toString(16)}` }
                : { type: it.type, value: it.cell?.toBoc().toString('base64') })),
        };
    } catch (error) {
        return { gas_used: 0, exit_code: error.exitCode ?? -13, stack: [] };
    }
}

async function answer(url, body) {
    const [, kind, name, ...rest] = url.pathname.split('/');
    // One act at a time: they share the payer and the queue of messages.
    if (kind === 'act') {
        const act = lastAct.then(() => acts[name](body));
        lastAct = act.catch(() => {});
        return act;
    }
    const fault = faults[name] ?? {};
    const path = rest.slice(2).join('/');
    if (fault.garbage) return fault.garbage;
    if (path === 'runGetMethod') {
        const asked = Address.parse(body.address);
        const isDead = fault.dead && asked.equals(Address.parse(fault.dead));
        if (fault.contractsFail) return { gas_used: 0, exit_code: 11, stack: [] };
        if (fault.speechless || isDead) throw new Error('no get-methods now');
        return getMethod(body);
    }
    const asked = path === 'jetton/wallets' ? 'jettonWallets' : path;
    return answers(fault)[asked](url.searchParams);
}

const spelled = (key, value) => (typeof value === 'bigint' ? String(value) : value);
const json = (value) => (typeof value === 'string' ? value : JSON.stringify(value, spelled));

const server = http.createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    response.setHeader('content-type', 'application/json');
    try {
        const url = new URL(request.url, 'http://node');
        response.end(json(await answer(url, text ? JSON.parse(text) : {})));
    } catch (error) {
        response.statusCode = 500;
        response.end(json({ error: String(error.stack) }));
    }
});

// Ends with the tests, however they end.
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.exit(), 200).unref();

commit([]);
await fromTreasury(payer.address, 1_000_000_000_000n);
for (const name of ['USDT', 'USDC']) {
    const it = jettons.minter(treasury.address, name);
    minters[name] = it;
    const body = jettons.mintBody(payer.address, 1_000_000_000_000n, 0n);
    await fromTreasury(it.address, 1_000_000_000n, body, it);
    // Independent clients find their way in these contracts.
    const master = chain.openContract(JettonMaster.create(it.address));
    const wallet = JettonWallet.create(await master.getWalletAddress(payer.address));
    const balance = await chain.openContract(wallet).getBalance();
    if (balance !== 1_000_000_000_000n) throw new Error(`the payer was minted ${balance}`);
}
server.listen(0, '127.0.0.1', () => {
    console.log(JSON.stringify({
        url: `http://127.0.0.1:${server.address().port}`, payer: payer.address.toString(),
        jettons: Object.fromEntries(
            Object.entries(minters).map(([name, it]) => [name, it.address.toString()])),
    }));
});
