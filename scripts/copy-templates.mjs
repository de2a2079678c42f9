// The compiled tests find templates/ where the installed program finds it: two folders up.
import { cpSync } from 'node:fs';

cpSync('templates', 'build/templates', { recursive: true });
