// One room as Hydrogen shows it: its client and its own views, logged in as the address says.

import {
    Client,
    createNavigation,
    createRouter,
    FeatureSet,
    LoadStatus,
    Platform,
    RoomViewModel,
    TimelineView,
    viewClassForTile,
} from "hydrogen-view-sdk";
import "hydrogen-view-sdk/theme-element-light.css";

const asked = Object.fromEntries(new URLSearchParams(location.search));
const container = document.querySelector("#app");
const platform = new Platform({
    container,
    assetPaths: {
        downloadSandbox: "assets/download-sandbox.html",
        worker: "assets/main.js",
        olm: { wasm: "assets/olm.wasm", legacyBundle: "assets/olm_legacy.js", wasmBundle: "assets/olm.js" },
        serviceWorker: "sw.js",
    },
    config: {},
    options: { development: false },
});
const navigation = createNavigation();
platform.setNavigation(navigation);
await platform.init();
// Files come by its service worker, which is at work from the second time on.
await navigator.serviceWorker.ready;
if (!navigator.serviceWorker.controller) {
    location.reload();
    await new Promise(() => {});
}
const urlRouter = createRouter({ navigation, history: platform.history });
urlRouter.attach();

const client = new Client(platform);
const ways = await client.queryLogin(asked.homeserver).result;
client.startWithLogin(ways.password(asked.user, asked.password));
const ended = [LoadStatus.Ready, LoadStatus.Error, LoadStatus.LoginFailed];
await client.loadStatus.waitFor((status) => ended.includes(status)).promise;
if (!client.session) throw new Error(client.loginFailure ?? client.loadError?.message);

const { session } = client;
const room = session.rooms.get(asked.room);
const features = await FeatureSet.load(platform.settingsStorage);
const model = new RoomViewModel({ room, ownUserId: session.userId, platform, urlRouter, navigation, features });
await model.load();
container.appendChild(new TimelineView(model.timelineViewModel, viewClassForTile).mount());
document.body.dataset.shown = "";
