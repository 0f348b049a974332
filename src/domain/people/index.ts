export { peopleJobs } from './jobs.ts'
export { everyPermission, permissionsOf, type RoleName, roleNames, type Sight, sightOf } from './roles.ts'
export { endOtherSignIns, endSignIn, listSignIns, type SignIn } from './sign-ins.ts'
export { refreshSignIn, type SignedIn, type SigningInServices, signIn, signInClient, signOut } from './signing-in.ts'
export { userFamily as openUserCache } from './user-cache.ts'
export { getUserInfo, type UserInfo } from './userinfo.ts'
export {
  createUser,
  deactivateUser,
  getUser,
  listUsers,
  type NewUser,
  type PasswordKind,
  type PeopleServices,
  releaseUsername,
  showUser,
  type UserChange,
  type UserQuery,
  updateUser,
} from './users.ts'
