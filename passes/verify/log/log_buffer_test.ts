import { assertEquals } from "@std/assert";
import { LogBuffer } from "./log_buffer.ts";

Deno.test("a log that is cut back is what it was before", () => {
  const log = new LogBuffer();
  let text = "";
  const ends: number[] = [];
  for (let i = 0; i < 5000; i++) {
    log.append(`line ${i} of some length, so that it takes more than one chunk\n`);
    text += `line ${i} of some length, so that it takes more than one chunk\n`;
    ends.push(log.end);
  }
  assertEquals(log.end, text.length);
  for (const i of [4998, 2500, 2499, 3]) {
    log.cut(ends[i] - 1);
    assertEquals(log.end, ends[i] - 1);
    assertEquals(log.toString(), text.slice(0, ends[i] - 1));
  }
  log.append("!");
  assertEquals(log.toString(), text.slice(0, ends[3] - 1) + "!");
});
