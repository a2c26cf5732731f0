/**
 * Whether a pipeline is one that Azure Pipelines reads, as far as what we write goes. Its own JSON schema is in no
 * package (only in the editor's repository, made by the service), so this says strictly what Microsoft's reference of
 * the YAML says of the keys that are used here, and holds steps of ours against task.json.
 */
import { parse } from 'yaml';
import { z } from 'zod';

const name = z.string().regex(/^[A-Za-z_]\w*$/);
const text = z.string();
const names = z.union([text, z.array(text)]);
const minutes = z.number().int().min(0);
const listing = z.strictObject({ include: z.array(text).optional(), exclude: z.array(text).optional() });
const trigger = z.union([
  z.literal('none'),
  z.array(text),
  z.strictObject({
    batch: z.boolean().optional(),
    branches: listing.optional(),
    paths: listing.optional(),
    tags: listing.optional(),
  }),
]);
const pool = z.union([
  text,
  z.strictObject({ vmImage: text }),
  z.strictObject({ name: text, demands: names.optional() }),
]);
const variables = z.record(text, z.union([text, z.number(), z.boolean()]));

const aroundStep = {
  name: name.optional(),
  displayName: text.optional(),
  condition: text.optional(),
  continueOnError: z.boolean().optional(),
  enabled: z.boolean().optional(),
  env: variables.optional(),
  timeoutInMinutes: minutes.optional(),
  retryCountOnTaskFailure: minutes.optional(),
};
/** Templates put inputs in under a condition. */
const value = z.union([text, z.number(), z.boolean(), z.record(text, text)]);
const step = z.union([
  z.strictObject({
    task: text.regex(/^[\w.-]+@\d+$/),
    inputs: z.record(text, value).optional(),
    ...aroundStep,
  }),
  z.strictObject({ script: text, workingDirectory: text.optional(), ...aroundStep }),
  z.strictObject({ checkout: text, fetchDepth: minutes.optional(), ...aroundStep }),
  z.strictObject({ download: text, artifact: text.optional(), patterns: names.optional(), ...aroundStep }),
  z.strictObject({ publish: text, artifact: text, ...aroundStep }),
]);
const steps = z.array(step).min(1);

const aroundJob = {
  displayName: text.optional(),
  dependsOn: names.optional(),
  condition: text.optional(),
  timeoutInMinutes: minutes.optional(),
  cancelTimeoutInMinutes: minutes.optional(),
  variables: variables.optional(),
  pool: pool.optional(),
};
const phase = z.strictObject({ pool: pool.optional(), steps });
const runOnce = z.strictObject({
  preDeploy: phase.optional(),
  deploy: phase,
  routeTraffic: phase.optional(),
  postRouteTraffic: phase.optional(),
  on: z.strictObject({ failure: phase.optional(), success: phase.optional() }).optional(),
});
const job = z.union([
  z.strictObject({ job: name, steps, ...aroundJob }),
  z.strictObject({
    deployment: name,
    environment: text,
    strategy: z.strictObject({ runOnce }),
    ...aroundJob,
  }),
]);
const jobs = z.array(job).min(1);
const stage = z.strictObject({
  stage: name,
  displayName: text.optional(),
  dependsOn: names.optional(),
  condition: text.optional(),
  lockBehavior: z.enum(['runLatest', 'sequential']).optional(),
  variables: variables.optional(),
  pool: pool.optional(),
  jobs,
});
const parameter = z.strictObject({
  name,
  displayName: text.optional(),
  type: z.enum(['string', 'number', 'boolean', 'object']),
  default: z.union([text, z.number(), z.boolean()]).optional(),
  values: z.array(text).optional(),
});
const aroundPipeline = {
  name: text.optional(),
  trigger: trigger.optional(),
  pr: trigger.optional(),
  parameters: z.array(parameter).optional(),
  variables: variables.optional(),
  pool: pool.optional(),
  lockBehavior: z.enum(['runLatest', 'sequential']).optional(),
};
const stagesPipeline = z.strictObject({ stages: z.array(stage).min(1), ...aroundPipeline });
const jobsPipeline = z.strictObject({ jobs, ...aroundPipeline });
const stepsPipeline = z.strictObject({ steps, ...aroundPipeline });

type Stage = z.infer<typeof stage>;
type Job = z.infer<typeof job>;
type Step = z.infer<typeof step>;

interface Task {
  readonly name: string;
  readonly version: { readonly Major: string };
  readonly inputs: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly options?: Readonly<Record<string, string>>;
  }[];
  readonly outputVariables: readonly { readonly name: string }[];
}

/** All that is wrong, one line each. */
export function findPipelineFaults(yaml: string, taskText: string): readonly string[] {
  const written: unknown = parse(yaml);
  const has = (key: string) => typeof written === 'object' && written !== null && key in written;
  const schema = has('stages') ? stagesPipeline : has('jobs') ? jobsPipeline : stepsPipeline;
  const read = schema.safeParse(written);
  if (!read.success) return [z.prettifyError(read.error)];
  const pipeline = read.data;
  const stages: readonly Stage[] = 'stages' in pipeline ? pipeline.stages : [];
  const ownJobs: readonly Job[] = 'jobs' in pipeline ? pipeline.jobs : [];
  const groups = [...stages.map((each) => each.jobs), ownJobs];
  const all = [
    ...groups.flat().flatMap((each) => stepsOf(each)),
    ...('steps' in pipeline ? pipeline.steps : []),
  ];
  const task = JSON.parse(taskText) as Task;
  return [
    ...findLost(stages.map((each) => ({ name: each.stage, dependsOn: each.dependsOn }))),
    ...groups.flatMap((group) =>
      findLost(group.map((each) => ({ name: nameOf(each), dependsOn: each.dependsOn }))),
    ),
    ...all.flatMap((each) => checkStep(each, task)),
    ...(all.some((each) => 'task' in each && each.task.startsWith(`${task.name}@`))
      ? []
      : ['no step of ours']),
    ...findLostOutputs(yaml, all, task),
    ...findLostParameters(yaml, pipeline.parameters ?? []),
  ];
}

const nameOf = (each: Job) => ('job' in each ? each.job : each.deployment);

function stepsOf(each: Job): readonly Step[] {
  if ('job' in each) return each.steps;
  const { preDeploy, deploy, routeTraffic, postRouteTraffic, on } = each.strategy.runOnce;
  const phases = [preDeploy, deploy, routeTraffic, postRouteTraffic, on?.failure, on?.success];
  return phases.flatMap((part) => part?.steps ?? []);
}

interface Node {
  readonly name: string;
  readonly dependsOn: string | readonly string[] | undefined;
}

function findLost(nodes: readonly Node[]): readonly string[] {
  const known = new Set(nodes.map((each) => each.name));
  return nodes.flatMap(({ name: own, dependsOn = [] }) =>
    [dependsOn]
      .flat()
      .flatMap((other) => (known.has(other) ? [] : [`${own} depends on ${other}, which there is not`])),
  );
}

function checkStep(each: Step, { name: own, version, inputs }: Task): readonly string[] {
  if (!('task' in each) || !each.task.startsWith(`${own}@`)) return [];
  if (each.task !== `${own}@${version.Major}`) return [`${each.task} is not ${own}@${version.Major}`];
  // What stands under a condition counts as given.
  const given = new Map(
    Object.entries(each.inputs ?? {}).flatMap(([key, put]) =>
      typeof put === 'object' ? Object.entries(put) : [[key, String(put)] as const],
    ),
  );
  const command = given.get('command') ?? 'deploy';
  return [
    ...[...given.keys()].flatMap((key) =>
      inputs.some((input) => input.name === key) ? [] : [`there is no input ${key}`],
    ),
    ...inputs.flatMap(({ name: key, required, options }) => {
      const put = given.get(key);
      if (put === undefined)
        return required && key !== 'command' && command !== 'package' ? [`${key} is not given`] : [];
      return options === undefined || put in options || put.startsWith('${{') ? [] : [`${key} is ${put}`];
    }),
  ];
}

/** `$(step.output)`, where the step is one of ours. */
function findLostOutputs(
  yaml: string,
  all: readonly Step[],
  { name: own, outputVariables }: Task,
): readonly string[] {
  const ours = new Set(
    all.flatMap((each) => ('task' in each && each.task.startsWith(`${own}@`) && each.name) || []),
  );
  return [...yaml.matchAll(/\$\((\w+)\.(\w+)\)/g)].flatMap(([, from = '', output = '']) =>
    ours.has(from) && !outputVariables.some((each) => each.name === output)
      ? [`there is no output ${output}`]
      : [],
  );
}

function findLostParameters(
  yaml: string,
  parameters: readonly { readonly name: string }[],
): readonly string[] {
  return [...yaml.matchAll(/parameters\.(\w+)/g)].flatMap(([, asked = '']) =>
    parameters.some((each) => each.name === asked) ? [] : [`there is no parameter ${asked}`],
  );
}
