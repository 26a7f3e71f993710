"""Audit actions of access."""

from backend.declarations.actions import AuditAction

ACCESS_CHANGE_PASSWORD = AuditAction("access.changePassword", "Somebody changed their own password.")
ACCESS_PEOPLE_CREATE = AuditAction("access.people.create", "A person was added.")
ACCESS_PEOPLE_DISABLE = AuditAction("access.people.disable", "A person was disabled.")
ACCESS_PEOPLE_LIST = AuditAction("access.people.list", "Somebody looked at the list of people.")
ACCESS_PEOPLE_SET_ROLES = AuditAction("access.people.setRoles", "A person's roles were changed.")
ACCESS_RESET_PASSWORD = AuditAction("access.resetPassword", "An operator set a person's password from the command line.")
ACCESS_SIGN_IN = AuditAction("access.signIn", "Somebody signed in with a password.")
ACCESS_SIGN_OUT = AuditAction("access.signOut", "Somebody signed out.")
ACCESS_TOKENS_CREATE = AuditAction("access.tokens.create", "An API token was made.")
ACCESS_TOKENS_REVOKE = AuditAction("access.tokens.revoke", "An API token was revoked.")
ACCESS_MAKE_ADMINISTRATOR = AuditAction("access.makeAdministrator", "An operator made a person an administrator from the command line.")
ACCESS_PEOPLE_ENABLE = AuditAction("access.people.enable", "A person was enabled again.")
ACCESS_CHANGE_PASSWORD_FAILED = AuditAction("access.changePasswordFailed", "A password change was refused: the current password was wrong.")
ACCESS_SIGN_IN_FAILED = AuditAction("access.signInFailed", "A sign-in failed.")
ACCESS_SIGN_IN_REFUSED = AuditAction("access.signInRefused", "Sign-ins from an address were refused after too many attempts.")
ACCESS_SET_TIME_ZONE = AuditAction("access.setTimeZone", "The tenant's time zone was set.")
