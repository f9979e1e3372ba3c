namespace Guardian.Simulation.Processor;

/// <summary>Why EINIT refuses an enclave.</summary>
public enum LaunchRefusal
{
    /// <summary>The SIGSTRUCT does not verify.</summary>
    InvalidSignature,

    /// <summary>It signs another measurement.</summary>
    InvalidMeasurement,

    /// <summary>Its attributes cannot be had here.</summary>
    InvalidAttributes,
}

/// <summary>EINIT refused an enclave.</summary>
public sealed class EnclaveLaunchException : Exception
{
    /// <param name="refusal">Why.</param>
    /// <param name="message">What was refused, and how to fix it.</param>
    public EnclaveLaunchException(LaunchRefusal refusal, string message) : base(message) => Refusal = refusal;

    /// <summary>Why.</summary>
    public LaunchRefusal Refusal { get; }
}
