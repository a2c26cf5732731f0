/** Some hundred targets, as they lie about: regions that Azure does not pair, and a few subscriptions. */

const regions = ['westeurope', 'swedencentral', 'eastus2', 'westus3', 'southeastasia', 'japaneast'] as const;
const subscriptionCount = 5;

export interface LargeSite {
  readonly name: string;
  readonly region: string;
  readonly subscription: string;
}

export function listSites(targets: number): readonly LargeSite[] {
  return Array.from({ length: targets }, (_, index) => ({
    name: `orders-${String(index).padStart(4, '0')}`,
    region: regions[index % regions.length] ?? regions[0],
    subscription: `00000000-0000-4000-8000-00000000000${index % subscriptionCount}`,
  }));
}

/** Four waves, each watched for minutes; looks as often as they come when nobody says how often. */
export function writeFleetConfig(targets: number, packagePath: string): string {
  const listed = listSites(targets).map(({ name, subscription }) => {
    const id = `/subscriptions/${subscription}/resourceGroups/orders/providers/Microsoft.Web/sites/${name}`;
    return `    - { name: ${name}, resourceId: ${id} }`;
  });
  return `app: orders
package: ${packagePath}
fleet:
  targets:
${listed.join('\n')}
strategy:
  maxConcurrency: 100
  waves:
    - { name: canary, count: 1, bakeTime: 2m }
    - { name: early, count: 9, bakeTime: 2m }
    - { name: fifth, count: ${Math.round(targets / 5)}, bakeTime: 2m }
    - { name: rest, bakeTime: 2m }
  progressDeadline: 6h
probes:
  checks: [{ name: health, path: /api/health, expect: { status: 200, json: { release: "{releaseId}" } } }]
  interval: 1m
  timeout: 20s
  deadline: 1h
settings: { ORDERS_VERSION: "2" }
`;
}
