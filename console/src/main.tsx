import '@fontsource-variable/inter/index.css';
import '@fontsource-variable/jetbrains-mono/index.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@/styles/global.css';

import { Button, MantineProvider } from '@mantine/core';
import { Notifications, notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { router } from '@/router';
import { contract, queryClient } from '@/rpc/client';
import { resolver, theme } from '@/theme';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

contract.changed = () =>
  notifications.show({
    id: 'contract',
    autoClose: false,
    color: 'pine',
    title: 'The hub was updated',
    message: (
      <Button mt={6} onClick={() => window.location.reload()}>
        Reload the console
      </Button>
    ),
  });

createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={resolver} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
