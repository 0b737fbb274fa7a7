namespace Automation.Server.Deliveries;

/// <summary>How the server calls other servers. Section <c>Outbound</c>.</summary>
internal sealed class OutboundOptions
{
    public const string Section = "Outbound";

    /// <summary>
    /// Which private addresses may be called: <c>none</c>, <c>all</c>, or a list, separated by commas or blanks, of <c>loopback</c>, addresses and networks as
    /// <c>10.1.0.0/16</c> or <c>fd00::/8</c>. <c>all</c> switches the filter off.
    /// </summary>
    public string AllowPrivate { get; set; } = "none";

    /// <summary>For the name look-up, the TCP connection and the TLS handshake together.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections to one origin; calls beyond wait for one to become free.</summary>
    public int MaxConnectionsPerOrigin { get; set; } = 256;

    /// <summary>What is wrong with the values; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        string? malformed = null;
        try
        {
            _ = new AddressFilter(AllowPrivate);
        }
        catch (FormatException error)
        {
            malformed = "Outbound:AllowPrivate: " + error.Message;
        }

        if (malformed is not null) yield return malformed;
        if (ConnectTimeout <= TimeSpan.Zero) yield return "Outbound:ConnectTimeout has to be more than zero.";
        if (MaxConnectionsPerOrigin < 1) yield return "Outbound:MaxConnectionsPerOrigin has to be at least 1.";
    }
}
