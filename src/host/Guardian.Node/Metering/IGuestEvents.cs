namespace Guardian.Node.Metering;

/// <summary>Is told what happens to guests with EPC, as soon as it has happened. Thread-safe; does not throw.</summary>
public interface IGuestEvents
{
    /// <summary>A guest's definition was accepted: from now on it has this much EPC, running or not. Defining it again, with another size or the same, is fine.</summary>
    /// <param name="instance">The server's UUID, which is the domain's.</param>
    /// <param name="mebibytes">Its EPC; 0 when it has none any more.</param>
    /// <param name="project">The project that pays, as Nova writes it into the definition; null when it does not.</param>
    /// <param name="flavor">The flavor's name; null when it is not known.</param>
    void Defined(Guid instance, long mebibytes, string? project, string? flavor);

    /// <summary>Its QEMU runs. Guests that were never defined here with EPC are ignored.</summary>
    void Started(Guid instance);

    /// <summary>Its QEMU has ended, whatever the reason.</summary>
    void Stopped(Guid instance);

    /// <summary>Its definition is gone: deleted, moved away, or about to be made anew.</summary>
    void Removed(Guid instance);
}
