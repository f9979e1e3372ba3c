using System.Globalization;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Guardian.Runtime.Base;

namespace Guardian.Runtime.Start;

/// <summary>Waits for a CAS that does not answer yet, for example because it starts at the same time.</summary>
/// <remarks>A refusal is an answer, and ends the wait. Only calls that change nothing at the CAS may be repeated.</remarks>
internal static class CasWait
{
    // A CAS whose packets are lost may have moved to another address, which only a new attempt finds.
    private static readonly TimeSpan LongestAttempt = TimeSpan.FromSeconds(30);

    // A machine that starts many programs at once needs some seconds for a handshake.
    private static readonly TimeSpan ShortestAttempt = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Repeats a call until the CAS answers.</summary>
    /// <param name="address">The CAS.</param>
    /// <param name="limit">The longest wait; one attempt is always made, and gets at least ten seconds.</param>
    /// <param name="log">Learns that the start waits, and why.</param>
    /// <param name="call">The call.</param>
    /// <exception cref="RefusedException">The CAS refuses, or did not answer in time.</exception>
    public static async Task<T> RunAsync<T>(
        Uri address, TimeSpan limit, Action<string> log, Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        var time = TimeProvider.System;
        var start = time.GetTimestamp();
        var told = "";
        while (true)
        {
            string reason;
            var left = limit - time.GetElapsedTime(start);
            var patience = left < ShortestAttempt ? ShortestAttempt : left < LongestAttempt ? left : LongestAttempt;
            using (var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
            {
                attempt.CancelAfter(patience);
                try
                {
                    return await call(attempt.Token).ConfigureAwait(false);
                }
                catch (RefusedException failure) when (IsTemporary(failure.Refusal.Reason))
                {
                    reason = failure.Message;
                }
                catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
                {
                    reason = string.Create(
                        CultureInfo.InvariantCulture, $"the CAS at {address} does not answer within {patience.TotalSeconds:0} s");
                }
            }
            if (time.GetElapsedTime(start) + Pause > limit)
            {
                throw new RefusedException(RuntimeReasons.NoCas.Because(string.Create(
                    CultureInfo.InvariantCulture, $"{reason}; waited {time.GetElapsedTime(start).TotalSeconds:0} s")));
            }
            if (reason != told)
            {
                log(string.Create(CultureInfo.InvariantCulture, $"waiting for the CAS, at most {limit.TotalSeconds:0} s: {reason}"));
                told = reason;
            }
            await Task.Delay(Pause, time, cancellation).ConfigureAwait(false);
        }
    }

    private static bool IsTemporary(RefusalReason reason) =>
        reason == CasReasons.Unreachable || reason == CasReasons.Busy || reason == CasReasons.Recovering;
}
