import { TRPCClientError } from '@trpc/client';
import type { AppRouter } from 'frontend-contract';

export interface Problem {
  message: string;
  reason: string | null;
  issues: { pointer: string; message: string }[];
  requestId: string | null;
  status: number | null;
}

/** The data plane's error body (`/v1`), thrown by uploads. */
export class UploadError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.name = 'UploadError';
    this.problem = problem;
  }
}

/** Any error, as a text with what to do. */
export function problemOf(error: unknown): Problem {
  if (error instanceof UploadError) return error.problem;
  if (error instanceof TRPCClientError) {
    const { data, message } = error as TRPCClientError<AppRouter>;
    if (data) {
      const { reason, issues, requestId, httpStatus } = data as { reason?: string; issues?: Problem['issues']; requestId?: string; httpStatus: number };
      return { message, reason: reason ?? null, issues: issues ?? [], requestId: requestId ?? null, status: httpStatus };
    }
    return { message: 'The hub cannot be reached. Is it running, and is your network up?', reason: 'UNREACHABLE', issues: [], requestId: null, status: null };
  }
  return { message: error instanceof Error ? error.message : 'Something unexpected happened.', reason: null, issues: [], requestId: null, status: null };
}

export const isSignedOut = (error: unknown) => problemOf(error).status === 401;
export const isMissing = (error: unknown) => problemOf(error).status === 404;

/** Whether to try again: the hub was unreachable or busy, rather than refusing. */
export function isTransient(error: unknown): boolean {
  const { status } = problemOf(error);
  return status === null || status >= 502 || status === 429;
}
