namespace Guardian.Refusals;

/// <summary>Carries a refusal through code that cannot return one: a client's call, or a command. Hosts translate it in one
/// place.</summary>
public sealed class RefusedException : Exception
{
    /// <param name="refusal">The refusal.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public RefusedException(Refusal refusal, Exception? inner = null)
        : base((refusal ?? throw new ArgumentNullException(nameof(refusal))).Detail, inner) => Refusal = refusal;

    /// <summary>The refusal.</summary>
    public Refusal Refusal { get; }

    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient => Refusal.Kind == RefusalKind.Unavailable;
}
