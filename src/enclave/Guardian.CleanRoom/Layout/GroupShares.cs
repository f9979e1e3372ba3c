using System.Runtime.ExceptionServices;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Layout;

/// <summary>Divides the groups of a room among threads.</summary>
internal static class GroupShares
{
    /// <summary>Runs some work on consecutive ranges of all groups, one range for each thread.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="threads">The most threads to use.</param>
    /// <param name="work">Gets a range and its index.</param>
    /// <exception cref="RefusedException">A range was refused.</exception>
    public static void Run(RoomLayout layout, int threads, Action<GroupRange, int> work)
    {
        var shares = new GroupRange(0, layout.GroupCount).Split(threads);
        try
        {
            Parallel.For(0, shares.Count, share => work(shares[share], share));
        }
        catch (AggregateException failed) when (failed.InnerException is RefusedException refused)
        {
            ExceptionDispatchInfo.Throw(refused);
        }
    }
}
