import { assertEquals, assertThrows } from "@std/assert";
import {
  ADD,
  AND,
  Assembler,
  CC,
  CMP,
  DIV,
  IDIV,
  IMUL,
  MUL,
  NEG,
  NOT,
  OR,
  ROL,
  ROR,
  SAR,
  SHL,
  SHR,
  SUB,
  XOR,
} from "./assembler.ts";
import { R10, R11, R12, R13, R14, R15, R8, R9, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP } from "./registers.ts";

function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}

// Text and bytes are LLVM's (llvm-mc 22, Intel syntax): the encodings our methods must give.
const ENCODINGS: [string, string, (a: Assembler) => void][] = [
  ["mov eax, ecx", "89c8", (a) => a.mov(false, RAX, RCX)],
  ["mov r15, rbx", "4989df", (a) => a.mov(true, R15, RBX)],
  ["mov r11d, r8d", "4589c3", (a) => a.mov(false, R11, R8)],
  ["xor r9d, r9d", "4531c9", (a) => a.zero(R9)],
  ["mov eax, 7", "b807000000", (a) => a.movImm(RAX, 7, 0)],
  ["mov r13d, 0x80000000", "41bd00000080", (a) => a.movImm(R13, -2147483648, 0)],
  ["mov rdi, -5", "48c7c7fbffffff", (a) => a.movImm(RDI, -5, -1)],
  ["movabs r14, 0x1122334455667788", "49be8877665544332211", (a) => a.movImm(R14, 0x55667788, 0x11223344)],
  ["movabs rax, 0xffffffff00000001", "48b801000000ffffffff", (a) => a.movImm(RAX, 1, -1)],
  ["movzx eax, sil", "400fb6c6", (a) => a.extend(RAX, RSI, 1, false, true)],
  ["movzx eax, bl", "0fb6c3", (a) => a.extend(RAX, RBX, 1, false, true)],
  ["movsx rax, dil", "480fbec7", (a) => a.extend(RAX, RDI, 1, true, true)],
  ["movsx r9d, r10b", "450fbeca", (a) => a.extend(R9, R10, 1, true, false)],
  ["movzx edi, ax", "0fb7f8", (a) => a.extend(RDI, RAX, 2, false, false)],
  ["movsx r8, cx", "4c0fbfc1", (a) => a.extend(R8, RCX, 2, true, true)],
  ["movsxd rdx, esi", "4863d6", (a) => a.extend(RDX, RSI, 4, true, true)],
  ["mov edx, esi", "89f2", (a) => a.extend(RDX, RSI, 4, false, true)],
  ["movzx eax, byte ptr [rdi]", "0fb607", (a) => a.load(RAX, 1, false, RDI, 0)],
  ["movzx r13d, word ptr [r13]", "450fb76d00", (a) => a.load(R13, 2, false, R13, 0)],
  ["mov ebx, dword ptr [r12 + 4]", "418b5c2404", (a) => a.load(RBX, 4, false, R12, 4)],
  ["mov r15, qword ptr [rsp + 0x200]", "4c8bbc2400020000", (a) => a.load(R15, 8, false, RSP, 512)],
  ["movsx rax, byte ptr [rbp - 128]", "480fbe4580", (a) => a.load(RAX, 1, true, RBP, -128)],
  ["movsx rsi, word ptr [rsi - 129]", "480fbfb67fffffff", (a) => a.load(RSI, 2, true, RSI, -129)],
  ["movsxd r8, dword ptr [rdx + 2*rcx + 1]", "4c63444a01", (a) => a.load(R8, 4, true, RDX, 1, RCX, 1)],
  ["mov rax, qword ptr [r13 + 8*r14]", "4b8b44f500", (a) => a.load(RAX, 8, false, R13, 0, R14, 3)],
  ["movzx ecx, byte ptr [rdi + rsi]", "0fb60c37", (a) => a.load(RCX, 1, false, RDI, 0, RSI, 0)],
  ["mov byte ptr [rdi + 3], sil", "40887703", (a) => a.store(RSI, 1, RDI, 3)],
  ["mov byte ptr [rdi + 3], al", "884703", (a) => a.store(RAX, 1, RDI, 3)],
  ["mov byte ptr [rdi + 3], r9b", "44884f03", (a) => a.store(R9, 1, RDI, 3)],
  ["mov word ptr [r9], r10w", "66458911", (a) => a.store(R10, 2, R9, 0)],
  ["mov dword ptr [rsp], eax", "890424", (a) => a.store(RAX, 4, RSP, 0)],
  ["mov qword ptr [rbx + 4*r9 - 8], rdx", "4a89548bf8", (a) => a.store(RDX, 8, RBX, -8, R9, 2)],
  ["mov byte ptr [rdi], -1", "c607ff", (a) => a.storeImm(-1, 1, RDI, 0)],
  ["mov word ptr [rdi], 0x1234", "66c7073412", (a) => a.storeImm(0x1234, 2, RDI, 0)],
  ["mov dword ptr [r8 + 16], 0x12345678", "41c7401078563412", (a) => a.storeImm(0x12345678, 4, R8, 16)],
  ["mov qword ptr [rsp + 8], -2", "48c7442408feffffff", (a) => a.storeImm(-2, 8, RSP, 8)],
  ["movbe ax, word ptr [rdi]", "660f38f007", (a) => a.movbeLoad(RAX, 2, RDI, 0)],
  ["movbe r9d, dword ptr [rdi + 4]", "440f38f04f04", (a) => a.movbeLoad(R9, 4, RDI, 4)],
  ["movbe rax, qword ptr [r8 + rcx]", "490f38f00408", (a) => a.movbeLoad(RAX, 8, R8, 0, RCX, 0)],
  ["movbe dword ptr [rdi], esi", "0f38f137", (a) => a.movbeStore(RSI, 4, RDI, 0)],
  ["movbe word ptr [rdi], r10w", "66440f38f117", (a) => a.movbeStore(R10, 2, RDI, 0)],
  ["lea rax, [rdi + 2*rsi + 100]", "488d447764", (a) => a.lea(true, RAX, RDI, 100, RSI, 1)],
  ["lea r9d, [r10 - 1000]", "458d8a18fcffff", (a) => a.lea(false, R9, R10, -1000)],
  ["lea rcx, [8*rcx]", "488d0ccd00000000", (a) => a.lea(true, RCX, -1, 0, RCX, 3)],
  ["lea rdi, [rsp + 512]", "488dbc2400020000", (a) => a.lea(true, RDI, RSP, 512)],
  ["lea rdi, [r13 + r13]", "4b8d7c2d00", (a) => a.lea(true, RDI, R13, 0, R13, 0)],
  ["push rbx", "53", (a) => a.push(RBX)],
  ["push r15", "4157", (a) => a.push(R15)],
  ["pop rbp", "5d", (a) => a.pop(RBP)],
  ["pop r12", "415c", (a) => a.pop(R12)],
  ["add rax, rcx", "4801c8", (a) => a.alu(ADD, true, RAX, RCX)],
  ["sub r8d, r15d", "4529f8", (a) => a.alu(SUB, false, R8, R15)],
  ["xor rsi, rdi", "4831fe", (a) => a.alu(XOR, true, RSI, RDI)],
  ["and edx, ebx", "21da", (a) => a.alu(AND, false, RDX, RBX)],
  ["or r9, rax", "4909c1", (a) => a.alu(OR, true, R9, RAX)],
  ["cmp rdi, rsi", "4839f7", (a) => a.alu(CMP, true, RDI, RSI)],
  ["add rsi, 5", "4883c605", (a) => a.aluImm(ADD, true, RSI, 5)],
  ["and eax, 0xffff", "25ffff0000", (a) => a.aluImm(AND, false, RAX, 0xffff)],
  ["or rax, -200", "480d38ffffff", (a) => a.aluImm(OR, true, RAX, -200)],
  ["xor r15d, 0x12345", "4181f745230100", (a) => a.aluImm(XOR, false, R15, 0x12345)],
  ["cmp r14, -1", "4983feff", (a) => a.aluImm(CMP, true, R14, -1)],
  ["sub rsp, 520", "4881ec08020000", (a) => a.aluImm(SUB, true, RSP, 520)],
  ["add rax, qword ptr [rdi + 8]", "48034708", (a) => a.aluLoad(ADD, true, RAX, RDI, 8)],
  ["cmp r9d, dword ptr [rsp + 4]", "443b4c2404", (a) => a.aluLoad(CMP, false, R9, RSP, 4)],
  ["add qword ptr [rdi + 8], rsi", "48017708", (a) => a.aluStore(ADD, 8, RDI, 8, RSI)],
  ["or byte ptr [rdi], sil", "400837", (a) => a.aluStore(OR, 1, RDI, 0, RSI)],
  ["xor word ptr [rdi], r8w", "66443107", (a) => a.aluStore(XOR, 2, RDI, 0, R8)],
  ["cmp dword ptr [rax], edx", "3910", (a) => a.aluStore(CMP, 4, RAX, 0, RDX)],
  ["cmp dword ptr [r11], 0", "41833b00", (a) => a.aluStoreImm(CMP, 4, R11, 0, 0)],
  ["sub qword ptr [r11 + 8], 1", "49836b0801", (a) => a.aluStoreImm(SUB, 8, R11, 8, 1)],
  ["cmp byte ptr [rdi + 9], 6", "807f0906", (a) => a.aluStoreImm(CMP, 1, RDI, 9, 6)],
  ["cmp word ptr [rdi], 0x1234", "66813f3412", (a) => a.aluStoreImm(CMP, 2, RDI, 0, 0x1234)],
  ["and dword ptr [rdi], 0x12345678", "812778563412", (a) => a.aluStoreImm(AND, 4, RDI, 0, 0x12345678)],
  ["test rax, rax", "4885c0", (a) => a.test(true, RAX, RAX)],
  ["test r9d, esi", "4185f1", (a) => a.test(false, R9, RSI)],
  ["test al, 64", "a840", (a) => a.testImm(true, RAX, 64)],
  ["test sil, 3", "40f6c603", (a) => a.testImm(false, RSI, 3)],
  ["test r9b, 1", "41f6c101", (a) => a.testImm(true, R9, 1)],
  ["test eax, 0x8000", "a900800000", (a) => a.testImm(true, RAX, 0x8000)],
  ["test r13, -256", "49f7c500ffffff", (a) => a.testImm(true, R13, -256)],
  ["test ecx, -256", "f7c100ffffff", (a) => a.testImm(false, RCX, -256)],
  ["neg rax", "48f7d8", (a) => a.unary(NEG, true, RAX)],
  ["not r8d", "41f7d0", (a) => a.unary(NOT, false, R8)],
  ["mul rcx", "48f7e1", (a) => a.unary(MUL, true, RCX)],
  ["imul r11", "49f7eb", (a) => a.unary(IMUL, true, R11)],
  ["div r11d", "41f7f3", (a) => a.unary(DIV, false, R11)],
  ["idiv r10", "49f7fa", (a) => a.unary(IDIV, true, R10)],
  ["cdq", "99", (a) => a.signIntoRdx(false)],
  ["cqo", "4899", (a) => a.signIntoRdx(true)],
  ["imul r9, rdi", "4c0fafcf", (a) => a.imul(true, R9, RDI)],
  ["imul eax, edx", "0fafc2", (a) => a.imul(false, RAX, RDX)],
  ["imul rax, r8, 10", "496bc00a", (a) => a.imulImm(true, RAX, R8, 10)],
  ["imul r15d, r15d, 0x10001", "4569ff01000100", (a) => a.imulImm(false, R15, R15, 0x10001)],
  ["shl rax, 1", "48d1e0", (a) => a.shiftImm(SHL, true, RAX, 1)],
  ["shr r9d, 31", "41c1e91f", (a) => a.shiftImm(SHR, false, R9, 31)],
  ["sar rdi, 63", "48c1ff3f", (a) => a.shiftImm(SAR, true, RDI, 63)],
  ["rol esi, 13", "c1c60d", (a) => a.shiftImm(ROL, false, RSI, 13)],
  ["ror r14, 7", "49c1ce07", (a) => a.shiftImm(ROR, true, R14, 7)],
  ["shl r8, cl", "49d3e0", (a) => a.shiftCl(SHL, true, R8)],
  ["sar eax, cl", "d3f8", (a) => a.shiftCl(SAR, false, RAX)],
  ["rol ax, 8", "66c1c008", (a) => a.rol16(RAX, 8)],
  ["rol r9w, 8", "6641c1c108", (a) => a.rol16(R9, 8)],
  ["bswap eax", "0fc8", (a) => a.bswap(false, RAX)],
  ["bswap r10", "490fca", (a) => a.bswap(true, R10)],
  ["shlx rax, rdi, rcx", "c4e2f1f7c7", (a) => a.shiftx(SHL, true, RAX, RDI, RCX)],
  ["shrx r9d, r10d, r11d", "c44223f7ca", (a) => a.shiftx(SHR, false, R9, R10, R11)],
  ["sarx rsi, r15, rax", "c4c2faf7f7", (a) => a.shiftx(SAR, true, RSI, R15, RAX)],
  ["rorx rax, r9, 25", "c4c3fbf0c119", (a) => a.rorx(true, RAX, R9, 25)],
  ["rorx r15d, ebx, 6", "c4637bf0fb06", (a) => a.rorx(false, R15, RBX, 6)],
  ["mulx r9, r10, rdi", "c462abf6cf", (a) => a.mulx(true, R9, R10, RDI)],
  ["mulx rax, rax, r11", "c4c2fbf6c3", (a) => a.mulx(true, RAX, RAX, R11)],
  ["andn rax, r9, r15", "c4c2b0f2c7", (a) => a.andn(true, RAX, R9, R15)],
  ["cmove rax, r9", "490f44c1", (a) => a.cmov(CC.E, true, RAX, R9)],
  ["cmovl r8d, edi", "440f4cc7", (a) => a.cmov(CC.L, false, R8, RDI)],
  ["setb sil", "400f92c6", (a) => a.setcc(CC.B, RSI)],
  ["sete r9b", "410f94c1", (a) => a.setcc(CC.E, R9)],
  ["lock add qword ptr [rsp + 8], rdi", "f048017c2408", (a) => a.lockAlu(ADD, true, RSP, 8, RDI)],
  ["lock xor dword ptr [r9], r10d", "f0453111", (a) => a.lockAlu(XOR, false, R9, 0, R10)],
  ["lock xadd dword ptr [rdi - 4], eax", "f00fc147fc", (a) => a.lockXadd(false, RDI, -4, RAX)],
  ["lock cmpxchg qword ptr [r13], r11", "f04d0fb15d00", (a) => a.lockCmpxchg(true, R13, 0, R11)],
  ["xchg dword ptr [rdi], esi", "8737", (a) => a.xchgMem(false, RDI, 0, RSI)],
  ["call rax", "ffd0", (a) => a.callReg(RAX)],
  ["call r11", "41ffd3", (a) => a.callReg(R11)],
  ["jmp r9", "41ffe1", (a) => a.jmpReg(R9)],
  ["ret", "c3", (a) => a.ret()],
  ["ud2", "0f0b", (a) => a.ud2()],
];

Deno.test("every form encodes as LLVM encodes it", () => {
  for (const [text, expected, emit] of ENCODINGS) {
    const a = new Assembler();
    emit(a);
    assertEquals(hex(a.finish().bytes), expected, text);
  }
});

Deno.test("a jump is short as long as it reaches and long beyond, both ways", () => {
  for (const [gap, size] of [[0, 2], [127, 2], [128, 5], [70000, 5]]) {
    const a = new Assembler();
    const end = a.label();
    a.jmp(end);
    for (let i = 0; i < gap; i++) a.ret();
    a.bind(end);
    const { bytes, labels } = a.finish();
    assertEquals(bytes.length, gap + size);
    assertEquals(labels[end], gap + size);
    const view = new DataView(bytes.buffer);
    assertEquals(size === 2 ? view.getInt8(1) : view.getInt32(1, true), gap);
  }
  for (const [gap, size] of [[126, 2], [127, 6]]) {
    const a = new Assembler();
    const start = a.label();
    a.bind(start);
    for (let i = 0; i < gap; i++) a.ret();
    a.jcc(CC.NE, start);
    const { bytes } = a.finish();
    assertEquals(bytes.length, gap + size);
    const view = new DataView(bytes.buffer);
    assertEquals(size === 2 ? view.getInt8(gap + 1) : view.getInt32(gap + 2, true), -gap - size);
  }
});

Deno.test("growing one jump can make another grow", () => {
  const a = new Assembler();
  const one = a.label(), two = a.label();
  a.jmp(one);
  for (let i = 0; i < 122; i++) a.ret();
  a.jcc(CC.E, two);
  a.ret();
  a.bind(one); // 125 bytes past the first jump if the second is short, 129 if it is long
  for (let i = 0; i < 127; i++) a.ret();
  a.bind(two);
  const { bytes, labels } = a.finish();
  assertEquals(hex(bytes.subarray(0, 5)), "e981000000");
  assertEquals(bytes[127], 0x0f);
  assertEquals(labels[one], 5 + 122 + 6 + 1);
});

Deno.test("calls and rip-relative addresses reach labels, holes move with the layout", () => {
  const a = new Assembler();
  const f = a.label(), far = a.label();
  a.jmp(far);
  a.callLabel(f);
  a.leaLabel(R9, f);
  a.movHole(R11, 77);
  for (let i = 0; i < 200; i++) a.ret();
  a.bind(f);
  a.bind(far);
  const { bytes, labels, holes } = a.finish();
  const view = new DataView(bytes.buffer);
  assertEquals(bytes[5], 0xe8);
  assertEquals(view.getInt32(6, true), labels[f] - 10);
  assertEquals(hex(bytes.subarray(10, 13)), "4c8d0d");
  assertEquals(view.getInt32(13, true), labels[f] - 17);
  assertEquals(holes, [{ offset: 19, tag: 77 }]);
  assertEquals(hex(bytes.subarray(17, 19)), "49bb");
});

Deno.test("alignment pads with no-operations, or not at all where it would cost too much", () => {
  const a = new Assembler();
  a.ret();
  a.align(16);
  const head = a.label();
  a.bind(head);
  a.ret();
  a.align(16, 4);
  const next = a.label();
  a.bind(next);
  a.ret();
  const { bytes, labels } = a.finish();
  assertEquals(labels[head], 16);
  assertEquals(labels[next], 17);
  assertEquals(hex(bytes.subarray(0, 16)), "c3" + "660f1f840000000000" + "660f1f440000");
});

Deno.test("an unbound label and a label bound twice are errors", () => {
  const a = new Assembler();
  const label = a.label();
  a.jmp(label);
  assertThrows(() => a.finish(), Error, "is not bound");
  a.bind(label);
  assertThrows(() => a.bind(label), Error, "twice");
});
