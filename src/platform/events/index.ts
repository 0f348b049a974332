export { type Bus, type BusConnection, openBus } from './bus.ts'
