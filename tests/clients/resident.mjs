// A resident with matrix-js-sdk and its Rust crypto: told what to do by lines of JSON on standard
// input, {"id": 1, "do": "say", ...}; answers {"id": 1, "is": ...} or {"id": 1, "wrong": "..."}, and
// tells every event that it can read, as {"event": ...}, when it comes and when it changes.

import { createInterface } from "node:readline";

// Node 20 has no such thing yet.
Promise.withResolvers ??= function () {
    let resolve, reject;
    const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
    return { promise, resolve, reject };
};

const { createClient, ClientEvent, MatrixEventEvent, RoomEvent } = await import("matrix-js-sdk");
const { CryptoEvent, OnlySignedDevicesIsolationMode } = await import("matrix-js-sdk/lib/crypto-api/index.js");
const { PollResponseEvent } = await import("matrix-js-sdk/lib/extensible_events_v1/PollResponseEvent.js");
const { logger } = await import("matrix-js-sdk/lib/logger.js");

logger.setLevel?.("silent");
for (const name of ["log", "info", "debug", "warn", "trace"]) console[name] = () => {};

let client;

const does = {
    async login({ url, user, password, isolated }) {
        const door = createClient({ baseUrl: url });
        const session = await door.loginRequest({
            type: "m.login.password",
            identifier: { type: "m.id.user", user },
            password,
        });
        client = createClient({
            baseUrl: url,
            userId: session.user_id,
            deviceId: session.device_id,
            accessToken: session.access_token,
        });
        await client.initRustCrypto({ useIndexedDB: false });
        if (isolated) {
            client.getCrypto().setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
            // Who trusts only signed devices has a signed one.
            await client.getCrypto().bootstrapCrossSigning({
                authUploadDeviceSigningKeys: async (request) =>
                    request({ type: "m.login.password", identifier: { type: "m.id.user", user }, password }),
            });
        }
        client.on(RoomEvent.Timeline, tell);
        client.on(RoomEvent.MyMembership, tellInvitation);
        client.on(MatrixEventEvent.Decrypted, tell);
        const ready = new Promise((done) => client.once(ClientEvent.Sync, done));
        await client.startClient({ initialSyncLimit: 50, lazyLoadMembers: false });
        await ready;
        return session.user_id;
    },

    async createRoom({ invite, encrypted, direct }) {
        const encryption = { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } };
        const room = await client.createRoom({
            preset: direct ? "private_chat" : "public_chat",
            is_direct: direct,
            invite,
            initial_state: encrypted ? [encryption] : [],
        });
        return room.room_id;
    },

    async join({ room }) {
        await client.joinRoom(room);
    },

    async say({ room, words }) {
        return (await client.sendTextMessage(room, words)).event_id;
    },

    async answer({ room, poll, answers }) {
        const { type, content } = PollResponseEvent.from(answers, poll).serialize();
        return (await client.sendEvent(room, type, content)).event_id;
    },

    async react({ room, event, key }) {
        const relation = { rel_type: "m.annotation", event_id: event, key };
        return (await client.sendEvent(room, "m.reaction", { "m.relates_to": relation })).event_id;
    },

    // As the client shows a room: with edits applied, and the signs on each message with whose they are.
    async shown({ room }) {
        const known = client.getRoom(room);
        const { relations } = known;
        return known
            .getLiveTimeline()
            .getEvents()
            .filter((event) => event.getType() === "m.room.message" && !event.isRedacted() && !event.isRelation("m.replace"))
            .map((event) => {
                const signs = relations.getChildEventsForEvent(event.getId(), "m.annotation", "m.reaction");
                const byKey = signs?.getSortedAnnotationsByKey() ?? [];
                return {
                    id: event.getId(),
                    sender: event.getSender(),
                    body: event.getContent().body,
                    edited: event.replacingEventId() !== undefined,
                    answers: event.replyEventId ?? null,
                    thread: event.threadRootId ?? null,
                    signs: Object.fromEntries(byKey.map(([key, by]) => [key, [...by].map((each) => each.getSender())])),
                };
            });
    },

    // As the client counts, which in encrypted rooms reads what the server cannot.
    async unread({ room }) {
        const known = client.getRoom(room);
        return ["total", "highlight"].map((kind) => known.getUnreadNotificationCount(kind) ?? 0);
    },

    async read({ room, event }) {
        await client.sendReadReceipt(client.getRoom(room).findEventById(event));
    },

    async rooms() {
        return client.getRooms().map((room) => ({ id: room.roomId, membership: room.getMyMembership() }));
    },

    async members({ room }) {
        return Object.fromEntries(client.getRoom(room).getMembers().map((member) => [member.userId, member.membership]));
    },

    // null: nothing to warn of.
    async shield({ room, event }) {
        const found = client.getRoom(room).findEventById(event);
        const info = await client.getCrypto().getEncryptionInfoForEvent(found);
        return { colour: info?.shieldColour ?? null, reason: info?.shieldReason ?? null };
    },

    async device({ user, device }) {
        await client.getCrypto().getUserDeviceInfo([user], true);
        const status = await client.getCrypto().getDeviceVerificationStatus(user, device);
        return { signedByOwner: status?.signedByOwner ?? false };
    },

    async devices({ user }) {
        const found = await client.getCrypto().getUserDeviceInfo([user], true);
        return [...(found.get(user)?.keys() ?? [])];
    },
};

function tell(event) {
    if (event.isBeingDecrypted()) return;
    const unreadable = event.isDecryptionFailure();
    write({
        event: {
            room: event.getRoomId(),
            id: event.getId(),
            sender: event.getSender(),
            type: unreadable ? "unreadable" : event.getType(),
            content: unreadable ? { reason: event.decryptionFailureReason } : event.getContent(),
            relation: event.getWireContent()["m.relates_to"] ?? null,
            encrypted: event.isEncrypted(),
            calls: unreadable ? null : whomItCalls(event),
        },
    });
}

// By the push rules of this account: "all" calls everybody's attention, "me" says that it is for them.
function whomItCalls(event) {
    const { notify, tweaks } = client.getPushActionsForEvent(event, true) ?? {};
    return notify ? (tweaks?.highlight ? "me" : "all") : "nobody";
}

function tellInvitation(room, membership) {
    if (membership !== "invite") return;
    const sender = room.getMember(client.getUserId())?.events.member?.getSender() ?? null;
    write({ event: { room: room.roomId, id: null, sender, type: "invitation", content: {}, relation: null, encrypted: false, calls: null } });
}

function write(what) {
    process.stdout.write(JSON.stringify(what) + "\n");
}

for await (const line of createInterface({ input: process.stdin })) {
    const { id, do: what, ...args } = JSON.parse(line);
    does[what](args).then(
        (is) => write({ id, is: is ?? null }),
        (error) => write({ id, wrong: String(error) }),
    );
}
client?.stopClient();
process.exit(0);
