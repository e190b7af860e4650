// Today as it is now: who comes and goes, what is held and what is free, without a reload.
import { keepLive } from '/live.js';

keepLive('now');
