export { type Bus, type BusConnection, openBus } from './bus.ts'
export { type EventFeed, type FeedEvent, openFeed } from './feed.ts'
export { redeem } from './tickets.ts'
