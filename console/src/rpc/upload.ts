import { HUB_URL } from '@/rpc/base';
import { SAME_ORIGIN } from '@/rpc/client';
import { type Problem, UploadError } from '@/rpc/errors';

interface WireError {
  error?: { reason?: string; message?: string; issues?: Problem['issues']; requestId?: string };
}

function refusal(request: XMLHttpRequest): UploadError {
  let body: WireError = {};
  try {
    body = JSON.parse(request.responseText) as WireError;
  } catch {
    // A proxy's own error page: the status has to do.
  }
  const { error } = body;
  return new UploadError({
    message: error?.message ?? `The upload was refused with status ${request.status.toString()}.`,
    reason: error?.reason ?? null,
    issues: error?.issues ?? [],
    requestId: error?.requestId ?? null,
    status: request.status,
  });
}

/** Sends an artifact's bytes to its version; `progress` gets the fraction sent. It uses XMLHttpRequest, because fetch cannot report upload progress. */
export function uploadArtifact(versionId: string, file: Blob, progress: (fraction: number) => void): Promise<void> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open('POST', `${HUB_URL}/v1/versions/${versionId}/artifact`);
    request.setRequestHeader('content-type', 'application/octet-stream');
    for (const [name, value] of Object.entries(SAME_ORIGIN)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => (request.status < 300 ? done() : fail(refusal(request)));
    request.onerror = () => fail(new UploadError({ message: 'The upload broke off. Is the hub running, and your network up?', reason: 'UNREACHABLE', issues: [], requestId: null, status: null }));
    request.send(file);
  });
}
