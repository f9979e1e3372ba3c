using System.Runtime.Intrinsics;

namespace Guardian.CleanRoom.Matching.Lanes;

/// <summary>The instructions with which the engine computes. The results are the same.</summary>
internal enum LaneWidth
{
    /// <summary>No vectors.</summary>
    Scalar,

    /// <summary>Vectors of 256 bits.</summary>
    Bits256,

    /// <summary>Vectors of 512 bits.</summary>
    Bits512,
}

/// <summary>The lanes of this processor.</summary>
internal static class ProcessorLanes
{
    /// <summary>The widest vectors that this processor has.</summary>
    public static LaneWidth Widest { get; } =
        Vector512.IsHardwareAccelerated ? LaneWidth.Bits512 : Vector256.IsHardwareAccelerated ? LaneWidth.Bits256 : LaneWidth.Scalar;
}
