#include "textflag.h"

// func encodeWide(dst, src *byte, n, stride, size, width int, t *tables)
//
// A row is one register: VPERMB puts each forty bits into a word,
// VPMULTISHIFTQB cuts eight characters out of each word, of whose index the
// upper bits are those of the character before, and VPERMB looks them up. Masks
// see to it that nothing but the row is read or written.
TEXT ·encodeWide(SB), NOSPLIT, $0-56
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), BX
	MOVQ stride+24(FP), R8
	MOVQ size+32(FP), CX
	MOVQ width+40(FP), R9
	MOVQ $-1, AX
	SHLQ CX, AX
	NOTQ AX
	KMOVQ AX, K1 // the bytes of a row
	MOVQ R9, CX
	NEGQ CX // of a shift the processor takes the lower six bits: by 64 - width
	MOVQ $-1, AX
	SHRQ CX, AX
	KMOVQ AX, K2 // its characters
	MOVQ t+48(FP), DX
	VMOVDQU64 (DX), Z1
	VMOVDQU64 64(DX), Z3
	VPBROADCASTQ 128(DX), Z2

row:
	VMOVDQU8.Z (SI), K1, Z0
	VPERMB Z0, Z1, Z0
	VPMULTISHIFTQB Z0, Z2, Z0
	VPERMB Z3, Z0, Z0
	VMOVDQU8 Z0, K2, (DI)
	ADDQ R8, SI
	ADDQ R9, DI
	DECQ BX
	JNZ row
	VZEROUPPER
	RET
