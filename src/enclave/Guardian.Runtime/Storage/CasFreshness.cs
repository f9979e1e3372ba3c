using Guardian.Cas.Client.Connection;
using Guardian.Refusals;
using Guardian.Volumes.Contract;

namespace Guardian.Runtime.Storage;

/// <summary>Stores a volume's freshness tag at the CAS. The volume waits for the CAS before it acknowledges a write.</summary>
internal sealed class CasFreshness(CasClient cas, string session, string volume) : IFreshness
{
    // Long enough for a CAS to restart, or for another replica to replace it.
    private static readonly TimeSpan[] RetryDelays =
        [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2)];

    public FreshnessTag? Read() => Call(() => cas.ReadTagAsync(session, volume)) is { } tag ? FreshnessTag.FromBytes(tag) : null;

    // If the answer is lost, the CAS may still have stored the tag. The volume then reads the tag to find out.
    public bool TryReplace(FreshnessTag? expected, FreshnessTag next)
    {
        var expectedBytes = expected is { } tag ? tag.ToBytes() : default(ReadOnlyMemory<byte>?);
        return Call(() => cas.SetTagAsync(session, volume, expectedBytes, next.ToBytes())).Moved;
    }

    private static T Call<T>(Func<Task<T>> call)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                return call().GetAwaiter().GetResult();
            }
            catch (RefusedException failure) when (failure.IsTransient && i < RetryDelays.Length)
            {
                Thread.Sleep(RetryDelays[i]);
            }
            catch (RefusedException failure)
            {
                throw new IOException(failure.Message, failure);
            }
        }
    }
}
