export { type Bus, type BusConnection, openBus } from './bus.ts'
export { type EventFeed, type FeedEvent, type Follower, openFeed } from './feed.ts'
