import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AppFunction } from '../../src/emulator/host/app.ts';
import { buildRoutes, findRoute } from '../../src/emulator/host/routes.ts';

function fn(name: string, route?: string, methods?: readonly string[]): AppFunction {
  const trigger = {
    name: 'req',
    type: 'httpTrigger',
    authLevel: 'anonymous',
    ...(route === undefined ? {} : { route }),
  };
  const bindings = [{ ...trigger, ...(methods ? { methods } : {}) }];
  return { name, bindings, language: 'node', scriptFile: '', entryPoint: '', directory: '' };
}

function matchOne(route: string, path: string): Readonly<Record<string, string>> | null {
  return findRoute(buildRoutes([fn('f', route)], 'api'), 'GET', `/api/${path}`)?.params ?? null;
}

describe('a route', () => {
  it.each([
    ['orders', 'orders', {}],
    ['orders', 'orders/', {}],
    ['/orders/', 'ORDERS', {}],
    ['orders', 'orders/1', null],
    ['orders/{id}', 'orders/a%2Fb', { id: 'a%2Fb' }],
    ['orders/{id}', 'orders', null],
    ['orders/{id?}', 'orders', {}],
    ['orders/{id=7}', 'orders', { id: '7' }],
    ['orders/{id=7}', 'orders/8', { id: '8' }],
    ['orders/{id:int}', 'orders/-5', { id: '-5' }],
    ['orders/{id:int}', 'orders/5.5', null],
    ['orders/{id:int}', 'orders/99999999999', null],
    ['orders/{id:long}', 'orders/99999999999', { id: '99999999999' }],
    ['orders/{id:int?}', 'orders', {}],
    ['orders/{id:int?}', 'orders/x', null],
    ['a/{b:bool}', 'a/TRUE', { b: 'TRUE' }],
    ['a/{g:guid}', 'a/0f8fad5b-d9cb-469f-a165-70867728950e', { g: '0f8fad5b-d9cb-469f-a165-70867728950e' }],
    ['a/{g:guid}', 'a/0f8fad5b', null],
    ['a/{n:min(3):max(5)}', 'a/4', { n: '4' }],
    ['a/{n:min(3):max(5)}', 'a/6', null],
    ['a/{n:range(1,2)}', 'a/2', { n: '2' }],
    ['a/{s:length(3)}', 'a/abcd', null],
    ['a/{s:length(3,4)}', 'a/abcd', { s: 'abcd' }],
    ['a/{s:alpha}', 'a/ab1', null],
    ['a/{s:regex(^\\d{{3}}$)}', 'a/123', { s: '123' }],
    ['a/{s:regex(^(x|y)$)}', 'a/y', { s: 'y' }],
    ['a/{s:regex(^(x|y)$)}', 'a/z', null],
    ['a/{s:nosuch}', 'a/x', null],
    ['{*rest}', '', {}],
    ['files/{*rest}', 'files/a/b/c', { rest: 'a/b/c' }],
    ['files/{**rest}', 'files', {}],
    ['{name}.{ext}', 'report.pdf', { name: 'report', ext: 'pdf' }],
    ['{name}.{ext}', 'report', null],
    ['v{version:int}/x', 'v2/x', { version: '2' }],
    ['a.b', 'axb', null],
  ])('%s for %s: %j', (route, path, params) => {
    expect(matchOne(route, path)).toEqual(params);
  });

  it.each([
    ['orders/latest', 'latest'],
    ['orders/7', 'number'],
    ['orders/word', 'any'],
    ['orders/word/more', 'rest'],
  ])('gives %s to the closest function, in whatever order they are declared: %s', (path, expected) => {
    const functions = [
      fn('rest', '{*all}'),
      fn('any', 'orders/{id}'),
      fn('number', 'orders/{id:int}'),
      fn('latest', 'orders/latest'),
    ];
    for (const order of [functions, [...functions].reverse()]) {
      expect(findRoute(buildRoutes(order, 'api'), 'GET', `/api/${path}`)?.route.fn.name).toBe(expected);
    }
  });

  it('is chosen by method too, and is the name of the function where nothing is said', () => {
    const routes = buildRoutes([fn('read', 'o', ['GET']), fn('write', 'o', ['post']), fn('Bare')], 'api');
    const found = (method: string, path: string) => findRoute(routes, method, path)?.route.fn.name;
    expect([found('GET', '/api/o'), found('POST', '/api/o'), found('PUT', '/api/o')]).toEqual([
      'read',
      'write',
      undefined,
    ]);
    expect(found('PATCH', '/api/bare')).toBe('Bare');
    expect(findRoute(buildRoutes([fn('x')], '/v1/fn/'), 'GET', '/v1/fn/x')?.route.template).toBe('v1/fn/x');
  });

  it('gives back every text that a parameter can carry, and is never thrown off by a path', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (value) => {
        const seen = value.replaceAll('/', '%2F');
        expect(matchOne('a/{v}', `a/${encodeURIComponent(value)}`)).toEqual({ v: seen });
      }),
    );
    const routes = buildRoutes([fn('a', 'a/{b:int}/{*c}'), fn('d', '{e}-{f}.{g?}')], 'api');
    fc.assert(fc.property(fc.string(), (path) => void findRoute(routes, 'GET', `/api/${path}`)));
  });
});
