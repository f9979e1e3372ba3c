using Guardian.Cas.Client.Connection;
using Guardian.Refusals;
using Guardian.Volumes.Freshness;

namespace Guardian.Runtime;

/// <summary>Keeps a volume's freshness tag at the CAS. The volume waits for the answer before it acknowledges anything.</summary>
internal sealed class CasFreshness(CasClient cas, string session, string volume) : IFreshness
{
    // A CAS that is restarted, or replaced by another replica, is back by then.
    private static readonly TimeSpan[] Retries = [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2)];

    public FreshnessTag? Read() => Call(() => cas.ReadTagAsync(session, volume)) is { } tag ? FreshnessTag.FromBytes(tag) : null;

    // After a lost answer the tag may have been moved: the volume reads it and sees.
    public bool TryReplace(FreshnessTag? expected, FreshnessTag next) =>
        Call(() => cas.SetTagAsync(session, volume, expected is { } tag ? tag.ToBytes() : default(ReadOnlyMemory<byte>?), next.ToBytes())).Moved;

    private static T Call<T>(Func<Task<T>> call)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                return call().GetAwaiter().GetResult();
            }
            catch (RefusedException failure) when (failure.IsTransient && i < Retries.Length)
            {
                Thread.Sleep(Retries[i]);
            }
            catch (RefusedException failure)
            {
                throw new IOException(failure.Message, failure);
            }
        }
    }
}
