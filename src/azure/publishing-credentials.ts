/** User and password of one slot's SCM site: only where a token of Entra's is not accepted (azure-platform.md §2.10). */
import { RefusalError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Arm } from './arm.ts';
import { isObject, parseObject, stringOf } from './server-text.ts';
import { aboutSlot, slotPath } from './site-client.ts';
import type { Tokens } from './tokens.ts';

/**
 * Asked after the SCM site has refused a token that ARM accepts: ARM answers both questions here, so the token is
 * good. The policy is each slot's own.
 *
 * @throws RefusalError `scm-credential-refused` when basic authentication is off; what ARM refuses.
 */
export async function askForScmLogin(
  arm: Arm,
  target: Target,
  { refused, hide }: { readonly refused: RefusalError; readonly hide: (secret: string) => void },
): Promise<Tokens> {
  const about = aboutSlot(target, 'read whether basic authentication is on for the SCM site of');
  const { subscriptionId } = target;
  const policy = await arm.read(subscriptionId, about, () =>
    arm.send(subscriptionId, {
      method: 'GET',
      url: `${slotPath(target)}/basicPublishingCredentialsPolicies/scm?api-version=2025-05-01`,
    }),
  );
  if (propertiesOf(policy.body)['allow'] !== true) throw neither(target, refused);
  const aboutLogin = aboutSlot(target, 'read the publishing credentials of');
  const { body } = await arm.read(subscriptionId, aboutLogin, () =>
    arm.send(subscriptionId, {
      method: 'POST',
      url: `${slotPath(target)}/config/publishingcredentials/list?api-version=2025-05-01`,
    }),
  );
  const { publishingUserName, publishingPassword } = propertiesOf(body);
  const [user, password] = [stringOf(publishingUserName), stringOf(publishingPassword)];
  if (user === null || password === null) throw neither(target, refused);
  const login = Buffer.from(`${user}:${password}`).toString('base64');
  hide(password);
  hide(login);
  // It does not end, and there is no other to be had.
  return { current: () => Promise.resolve(login), drop: () => {} };
}

function propertiesOf(body: string): Readonly<Record<string, unknown>> {
  const properties = parseObject(body)?.['properties'];
  return isObject(properties) ? properties : {};
}

function neither(target: Target, refused: RefusalError): RefusalError {
  return new RefusalError(
    `The SCM site of ${target.site}/${target.slot} does not accept this identity's token, and basic authentication is off for it: ${refused.message}`,
    {
      code: 'scm-credential-refused',
      where: target.name,
      next: 'Give this identity a role with Microsoft.Web/sites/publish/Action on the slot (Website Contributor has it), and check its tenant; or deliver through ARM: delivery: { mode: pull, store: https://<account>.blob.core.windows.net/<container> }.',
      cause: refused,
    },
  );
}
