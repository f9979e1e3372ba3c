namespace Guardian.CleanRoom.Matching.Lanes;

/// <summary>How a new mask joins the existing one.</summary>
internal enum MaskJoin
{
    /// <summary>The new mask replaces the existing one.</summary>
    Replace,

    /// <summary>Both must be set.</summary>
    And,

    /// <summary>One must be set.</summary>
    Or,
}

/// <summary>
/// All operations of the engine on data: each works on eight 64-bit words at once, one of each interleaved bucket. The kernels are written
/// once over this interface. Vector512, Vector256 and scalar code implement it, and so does a recorder that proves which addresses the
/// kernels touch.
/// </summary>
/// <remarks>
/// No operation branches or addresses by the words' values. A kernel could branch only by the results of <see cref="Sum"/> and
/// <see cref="CountEqual"/>, which are for totals.
/// </remarks>
/// <typeparam name="T">Eight words.</typeparam>
internal interface ILanes<T> where T : struct
{
    /// <summary>Reads eight words.</summary>
    static abstract T Load(ref ulong words, nuint index);

    /// <summary>Writes eight words.</summary>
    static abstract void Store(T value, ref ulong words, nuint index);

    /// <summary>Reads eight codes of 1, 2 or 4 bytes, widened.</summary>
    /// <param name="index">The first code, counted in codes.</param>
    static abstract T LoadCodes(ref byte codes, nuint index, int size);

    /// <summary>Writes the low 8, 16 or 32 bits of eight words.</summary>
    /// <param name="index">The first code, counted in codes.</param>
    static abstract void StoreCodes(T value, ref byte codes, nuint index, int size);

    /// <summary>Reads eight 16-bit words, widened.</summary>
    static abstract T LoadHalves(ref ushort halves, nuint index);

    /// <summary>Writes the low 16 bits of eight words.</summary>
    static abstract void StoreHalves(T value, ref ushort halves, nuint index);

    /// <summary>
    /// Adds to each sum a code's distance from code 1 times a stride; where the code is 0, sets the sum's bits of a mask instead.
    /// </summary>
    /// <param name="size">Bytes per code: 1 or 2.</param>
    /// <param name="count">Number of sums, a multiple of 8.</param>
    static abstract void AddMultiples(ref byte codes, int size, ushort stride, ushort emptyMask, ref ushort sums, nuint count);

    /// <summary>Repeats one word eight times.</summary>
    static abstract T All(ulong value);

    /// <summary>Bitwise and.</summary>
    static abstract T And(T left, T right);

    /// <summary><paramref name="left"/> without the bits of <paramref name="right"/>.</summary>
    static abstract T AndNot(T left, T right);

    /// <summary>Bitwise or.</summary>
    static abstract T Or(T left, T right);

    /// <summary>Bitwise exclusive or.</summary>
    static abstract T Xor(T left, T right);

    /// <summary>Sum modulo 2^64.</summary>
    static abstract T Add(T left, T right);

    /// <summary>Difference modulo 2^64.</summary>
    static abstract T Subtract(T left, T right);

    /// <summary>Product modulo 2^64.</summary>
    static abstract T Multiply(T left, T right);

    /// <summary>The lesser, unsigned.</summary>
    static abstract T Min(T left, T right);

    /// <summary>Orders each pair of words, unsigned: the lesser goes to the first, the greater to the second.</summary>
    static abstract void Order(ref T first, ref T second);

    /// <summary>Shifts towards the high bits.</summary>
    static abstract T ShiftLeft(T value, int count);

    /// <summary>Shifts towards the low bits.</summary>
    static abstract T ShiftRight(T value, int count);

    /// <summary>All ones where left is greater, unsigned; else zero.</summary>
    static abstract T Greater(T left, T right);

    /// <summary>All ones where both are the same; else zero.</summary>
    static abstract T Equal(T left, T right);

    /// <summary>Selects words: of the first where the mask is all ones, else of the second.</summary>
    static abstract T Select(T mask, T first, T second);

    /// <summary>The sum of all eight words, modulo 2^64.</summary>
    static abstract ulong Sum(T value);

    /// <summary>Tests whether each code is in a range: a byte of all ones, or zero.</summary>
    /// <param name="size">Bytes per code: 1, 2 or 4. The range's ends fit in as many.</param>
    /// <param name="count">Number of codes, a multiple of 8.</param>
    static abstract void InRange(ref byte codes, int size, uint first, uint last, ref byte masks, nuint count, MaskJoin join);

    /// <summary>Joins bytes of masks with others.</summary>
    /// <param name="count">Number of bytes, a multiple of 8.</param>
    static abstract void JoinMasks(ref byte masks, ref byte others, nuint count, MaskJoin join);

    /// <summary>Counts the codes that have a value.</summary>
    /// <param name="count">Number of codes, a multiple of 64.</param>
    static abstract long CountEqual(ref byte codes, nuint count, int size, ushort value);
}
