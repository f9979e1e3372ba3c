using Guardian.Refusals;

namespace Guardian.Cas.Tests;

/// <summary>Reads the outcomes of calls.</summary>
internal static class Outcomes
{
    /// <summary>Gives the value of a call, and throws when it was refused.</summary>
    public static async Task<T> ValueAsync<T>(this Task<Outcome<T>> call) where T : class
    {
        var (value, refusal) = await call;
        return value ?? throw new RefusedException(refusal!);
    }

    /// <summary>Gives the refusal of a call, and fails when it was not refused.</summary>
    public static async Task<Refusal> ExpectRefusalAsync<T>(Task<Outcome<T>> call) where T : class
    {
        var (value, refusal) = await call;
        Assert.Null(value);
        return Assert.IsType<Refusal>(refusal);
    }

    /// <summary>As above, for a call that throws its refusal.</summary>
    public static async Task<Refusal> ExpectRefusalAsync(Task call) => (await Assert.ThrowsAsync<RefusedException>(() => call)).Refusal;

    /// <summary>Gives the reason for which a call was refused, and fails when it was not refused.</summary>
    public static async Task<RefusalReason> ExpectReasonAsync<T>(Task<Outcome<T>> call) where T : class =>
        (await ExpectRefusalAsync(call)).Reason;

    /// <summary>As above, for a call that throws its refusal.</summary>
    public static async Task<RefusalReason> ExpectReasonAsync(Task call) => (await ExpectRefusalAsync(call)).Reason;
}
