import { FileInput, Modal, Progress, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { ActionButton } from '@/components/ActionButton';
import { DialogActions } from '@/components/DialogActions';
import { Failure } from '@/components/States';
import { percent } from '@/components/format';
import { NOTHING_STATED, sendStatement, type Statement, StatementFields } from '@/features/catalog/StatementFields';
import { queryClient, trpc } from '@/rpc/client';
import type { Version } from '@/rpc/types';
import { uploadArtifact } from '@/rpc/upload';

export const ARTIFACT_HELP =
  'LightGBM text (model.txt), XGBoost (model.ubj or .json), ONNX, or linear JSON. Never pickle, joblib or .pt: loading one would run its code.';

/** An upload with its progress. */
export function useArtifactUpload(done: () => void) {
  const [sent, setSent] = useState(0);
  const upload = useMutation({
    mutationFn: async ({ versionId, file, stated }: { versionId: string; file: File; stated: Statement }) => {
      await sendStatement(versionId, stated);
      await uploadArtifact(versionId, file, setSent);
    },
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: trpc.models.pathKey() });
      done();
    },
  });
  return { upload, sent };
}

export function UploadProgress({ sent }: { sent: number }) {
  return (
    <div role="status">
      <Progress value={sent * 100} aria-label="Upload progress" size="sm" />
      <span className="hint">{sent < 1 ? `${percent(sent, 0)} sent` : 'Sent. The hub is checking that it loads and predicts.'}</span>
    </div>
  );
}

/** Gives a draft version its artifact. */
export function ArtifactDialog({ version, close }: { version: Version; close: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [stated, setStated] = useState(NOTHING_STATED);
  const { upload, sent } = useArtifactUpload(close);
  return (
    <Modal opened onClose={close} title={`Upload the artifact of ${version.label}`}>
      <Stack gap={14}>
        <FileInput label="Artifact" description={ARTIFACT_HELP} placeholder="Choose a file" value={file} onChange={setFile} clearable />
        <StatementFields value={stated} change={setStated} />
        {upload.isPending && <UploadProgress sent={sent} />}
        {upload.isError && <Failure error={upload.error} title="The artifact was not accepted" />}
        <DialogActions close={close}>
          <ActionButton size="sm" why={file ? null : 'Choose the artifact first.'} reasonAt="before" loading={upload.isPending} onClick={() => file && upload.mutate({ versionId: version.id, file, stated })}>
            Upload
          </ActionButton>
        </DialogActions>
      </Stack>
    </Modal>
  );
}
