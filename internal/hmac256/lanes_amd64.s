#include "textflag.h"

// swap reverses the bytes of each word.
DATA swap<>+0(SB)/8, $0x0405060700010203
DATA swap<>+8(SB)/8, $0x0c0d0e0f08090a0b
GLOBL swap<>(SB), RODATA|NOPTR, $16

// ROUND is one round of SHA-256 (FIPS 180-4, section 6.2.2) on sixteen states,
// of which each register holds one variable. w is the word of the schedule, k
// where its constant is. The variables are not moved: the next round calls them
// by other names. The ternary operations are the sum of three, the choice of f or
// g by e, and the majority of a, b and c.
#define ROUND(a, b, c, d, e, f, g, h, w, k) \
	VPADDD.BCST k(BX), w, Z8 \
	VPRORD $6, e, Z9 \
	VPRORD $11, e, Z10 \
	VPRORD $25, e, Z11 \
	VMOVDQA32 e, Z12 \
	VPADDD Z8, h, h \
	VPTERNLOGD $0x96, Z9, Z10, Z11 \
	VPTERNLOGD $0xca, g, f, Z12 \
	VPRORD $2, a, Z9 \
	VPADDD Z12, h, h \
	VPRORD $13, a, Z10 \
	VPADDD Z11, h, h \
	VPRORD $22, a, Z13 \
	VMOVDQA32 a, Z14 \
	VPADDD h, d, d \
	VPTERNLOGD $0x96, Z9, Z10, Z13 \
	VPTERNLOGD $0xe8, b, c, Z14 \
	VPADDD Z13, h, h \
	VPADDD Z14, h, h

// SCHEDULE makes the word of sixteen rounds later from w0, w1, w9 and w14, and
// puts it in the place of w0.
#define SCHEDULE(w0, w1, w9, w14) \
	VPRORD $7, w1, Z8 \
	VPRORD $18, w1, Z9 \
	VPSRLD $3, w1, Z10 \
	VPADDD w9, w0, w0 \
	VPRORD $17, w14, Z11 \
	VPRORD $19, w14, Z12 \
	VPSRLD $10, w14, Z13 \
	VPTERNLOGD $0x96, Z8, Z9, Z10 \
	VPTERNLOGD $0x96, Z11, Z12, Z13 \
	VPADDD Z10, w0, w0 \
	VPADDD Z13, w0, w0

// NEXT is a round with a new word.
#define NEXT(a, b, c, d, e, f, g, h, w0, w1, w9, w14, k) \
	SCHEDULE(w0, w1, w9, w14) \
	ROUND(a, b, c, d, e, f, g, h, w0, k)

// func compress(state *[8]row, words *[16]row, k *[64]uint32)
TEXT ·compress(SB), NOSPLIT, $0-24
	MOVQ state+0(FP), DI
	MOVQ words+8(FP), SI
	MOVQ k+16(FP), BX
	MOVL $3, CX
	VMOVDQU32 0(DI), Z0
	VMOVDQU32 64(DI), Z1
	VMOVDQU32 128(DI), Z2
	VMOVDQU32 192(DI), Z3
	VMOVDQU32 256(DI), Z4
	VMOVDQU32 320(DI), Z5
	VMOVDQU32 384(DI), Z6
	VMOVDQU32 448(DI), Z7
	VMOVDQU32 0(SI), Z16
	VMOVDQU32 64(SI), Z17
	VMOVDQU32 128(SI), Z18
	VMOVDQU32 192(SI), Z19
	VMOVDQU32 256(SI), Z20
	VMOVDQU32 320(SI), Z21
	VMOVDQU32 384(SI), Z22
	VMOVDQU32 448(SI), Z23
	VMOVDQU32 512(SI), Z24
	VMOVDQU32 576(SI), Z25
	VMOVDQU32 640(SI), Z26
	VMOVDQU32 704(SI), Z27
	VMOVDQU32 768(SI), Z28
	VMOVDQU32 832(SI), Z29
	VMOVDQU32 896(SI), Z30
	VMOVDQU32 960(SI), Z31
	ROUND(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z16, 0)
	ROUND(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z17, 4)
	ROUND(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z18, 8)
	ROUND(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z19, 12)
	ROUND(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z20, 16)
	ROUND(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z21, 20)
	ROUND(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z22, 24)
	ROUND(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z23, 28)
	ROUND(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z24, 32)
	ROUND(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z25, 36)
	ROUND(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z26, 40)
	ROUND(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z27, 44)
	ROUND(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z28, 48)
	ROUND(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z29, 52)
	ROUND(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z30, 56)
	ROUND(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z31, 60)

sixteen:
	ADDQ $64, BX
	NEXT(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z16, Z17, Z25, Z30, 0)
	NEXT(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z17, Z18, Z26, Z31, 4)
	NEXT(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z18, Z19, Z27, Z16, 8)
	NEXT(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z19, Z20, Z28, Z17, 12)
	NEXT(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z20, Z21, Z29, Z18, 16)
	NEXT(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z21, Z22, Z30, Z19, 20)
	NEXT(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z22, Z23, Z31, Z20, 24)
	NEXT(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z23, Z24, Z16, Z21, 28)
	NEXT(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z24, Z25, Z17, Z22, 32)
	NEXT(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z25, Z26, Z18, Z23, 36)
	NEXT(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z26, Z27, Z19, Z24, 40)
	NEXT(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z27, Z28, Z20, Z25, 44)
	NEXT(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z28, Z29, Z21, Z26, 48)
	NEXT(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z29, Z30, Z22, Z27, 52)
	NEXT(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z30, Z31, Z23, Z28, 56)
	NEXT(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z31, Z16, Z24, Z29, 60)
	DECL CX
	JNZ sixteen

	VPADDD 0(DI), Z0, Z0
	VPADDD 64(DI), Z1, Z1
	VPADDD 128(DI), Z2, Z2
	VPADDD 192(DI), Z3, Z3
	VPADDD 256(DI), Z4, Z4
	VPADDD 320(DI), Z5, Z5
	VPADDD 384(DI), Z6, Z6
	VPADDD 448(DI), Z7, Z7
	VMOVDQU32 Z0, 0(DI)
	VMOVDQU32 Z1, 64(DI)
	VMOVDQU32 Z2, 128(DI)
	VMOVDQU32 Z3, 192(DI)
	VMOVDQU32 Z4, 256(DI)
	VMOVDQU32 Z5, 320(DI)
	VMOVDQU32 Z6, 384(DI)
	VMOVDQU32 Z7, 448(DI)
	VZEROUPPER
	RET

// PAIR interleaves the words of the registers x and y into u and v.
#define PAIR(x, y, u, v) \
	VPUNPCKLDQ y, x, u \
	VPUNPCKHDQ y, x, v

// QUAD interleaves the pairs of words of s and t, and of u and v.
#define QUAD(s, t, u, v, a, b, c, d) \
	VPUNPCKLQDQ u, s, a \
	VPUNPCKHQDQ u, s, b \
	VPUNPCKLQDQ v, t, c \
	VPUNPCKHQDQ v, t, d

// LANES exchanges the 128-bit lanes of a, b, c and d as a matrix is transposed
// and stores the four rows, 256 bytes apart.
#define LANES(a, b, c, d, at) \
	VSHUFI32X4 $0x88, b, a, Z16 \
	VSHUFI32X4 $0xdd, b, a, Z17 \
	VSHUFI32X4 $0x88, d, c, Z18 \
	VSHUFI32X4 $0xdd, d, c, Z19 \
	VSHUFI32X4 $0x88, Z18, Z16, Z20 \
	VSHUFI32X4 $0x88, Z19, Z17, Z21 \
	VSHUFI32X4 $0xdd, Z18, Z16, Z22 \
	VSHUFI32X4 $0xdd, Z19, Z17, Z23 \
	VMOVDQU32 Z20, (at+0)(DI) \
	VMOVDQU32 Z21, (at+256)(DI) \
	VMOVDQU32 Z22, (at+512)(DI) \
	VMOVDQU32 Z23, (at+768)(DI)

// func transpose(words *[16]row, blocks *[width][64]byte)
TEXT ·transpose(SB), NOSPLIT, $0-16
	MOVQ words+0(FP), DI
	MOVQ blocks+8(FP), SI
	VBROADCASTI32X4 swap<>(SB), Z31
	VMOVDQU32 0(SI), Z0
	VMOVDQU32 64(SI), Z1
	VMOVDQU32 128(SI), Z2
	VMOVDQU32 192(SI), Z3
	VMOVDQU32 256(SI), Z4
	VMOVDQU32 320(SI), Z5
	VMOVDQU32 384(SI), Z6
	VMOVDQU32 448(SI), Z7
	VMOVDQU32 512(SI), Z8
	VMOVDQU32 576(SI), Z9
	VMOVDQU32 640(SI), Z10
	VMOVDQU32 704(SI), Z11
	VMOVDQU32 768(SI), Z12
	VMOVDQU32 832(SI), Z13
	VMOVDQU32 896(SI), Z14
	VMOVDQU32 960(SI), Z15
	VPSHUFB Z31, Z0, Z0
	VPSHUFB Z31, Z1, Z1
	VPSHUFB Z31, Z2, Z2
	VPSHUFB Z31, Z3, Z3
	VPSHUFB Z31, Z4, Z4
	VPSHUFB Z31, Z5, Z5
	VPSHUFB Z31, Z6, Z6
	VPSHUFB Z31, Z7, Z7
	VPSHUFB Z31, Z8, Z8
	VPSHUFB Z31, Z9, Z9
	VPSHUFB Z31, Z10, Z10
	VPSHUFB Z31, Z11, Z11
	VPSHUFB Z31, Z12, Z12
	VPSHUFB Z31, Z13, Z13
	VPSHUFB Z31, Z14, Z14
	VPSHUFB Z31, Z15, Z15
	PAIR(Z0, Z1, Z16, Z17)
	PAIR(Z2, Z3, Z18, Z19)
	PAIR(Z4, Z5, Z20, Z21)
	PAIR(Z6, Z7, Z22, Z23)
	PAIR(Z8, Z9, Z24, Z25)
	PAIR(Z10, Z11, Z26, Z27)
	PAIR(Z12, Z13, Z28, Z29)
	PAIR(Z14, Z15, Z30, Z31)
	QUAD(Z16, Z17, Z18, Z19, Z0, Z1, Z2, Z3)
	QUAD(Z20, Z21, Z22, Z23, Z4, Z5, Z6, Z7)
	QUAD(Z24, Z25, Z26, Z27, Z8, Z9, Z10, Z11)
	QUAD(Z28, Z29, Z30, Z31, Z12, Z13, Z14, Z15)
	LANES(Z0, Z4, Z8, Z12, 0)
	LANES(Z1, Z5, Z9, Z13, 64)
	LANES(Z2, Z6, Z10, Z14, 128)
	LANES(Z3, Z7, Z11, Z15, 192)
	VZEROUPPER
	RET

// func gather(out *[width][PrefixBytes]byte, state *[8]row)
//
// After PAIR and QUAD, register i has the states i, 4+i, 8+i and 12+i.
TEXT ·gather(SB), NOSPLIT, $0-16
	MOVQ out+0(FP), DI
	MOVQ state+8(FP), SI
	VBROADCASTI32X4 swap<>(SB), Z31
	VMOVDQU32 0(SI), Z0
	VMOVDQU32 64(SI), Z1
	VMOVDQU32 128(SI), Z2
	VMOVDQU32 192(SI), Z3
	VPSHUFB Z31, Z0, Z0
	VPSHUFB Z31, Z1, Z1
	VPSHUFB Z31, Z2, Z2
	VPSHUFB Z31, Z3, Z3
	PAIR(Z0, Z1, Z4, Z5)
	PAIR(Z2, Z3, Z6, Z7)
	QUAD(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3)
	VSHUFI32X4 $0x88, Z1, Z0, Z16
	VSHUFI32X4 $0xdd, Z1, Z0, Z17
	VSHUFI32X4 $0x88, Z3, Z2, Z18
	VSHUFI32X4 $0xdd, Z3, Z2, Z19
	VSHUFI32X4 $0x88, Z18, Z16, Z20
	VSHUFI32X4 $0x88, Z19, Z17, Z21
	VSHUFI32X4 $0xdd, Z18, Z16, Z22
	VSHUFI32X4 $0xdd, Z19, Z17, Z23
	VMOVDQU32 Z20, (DI)
	VMOVDQU32 Z21, 64(DI)
	VMOVDQU32 Z22, 128(DI)
	VMOVDQU32 Z23, 192(DI)
	VZEROUPPER
	RET
