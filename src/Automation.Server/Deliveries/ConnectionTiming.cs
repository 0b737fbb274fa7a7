namespace Automation.Server.Deliveries;

/// <summary>Notes how long the parts of a new connection took, for the request that asked for it.</summary>
internal sealed class ConnectionTiming(TimeProvider time)
{
    private static readonly HttpRequestOptionsKey<ConnectionTiming> Key = new("timing");

    private long connected;

    public TimeSpan? Dns { get; set; }

    public TimeSpan? Connect { get; private set; }

    public TimeSpan? Tls { get; private set; }

    public static ConnectionTiming? Of(HttpRequestMessage request) => request.Options.TryGetValue(Key, out var timing) ? timing : null;

    public void NoteOn(HttpRequestMessage request) => request.Options.Set(Key, this);

    /// <param name="since">A time stamp from before the connection was begun.</param>
    public void Connected(long since)
    {
        connected = time.GetTimestamp();
        Connect = time.GetElapsedTime(since, connected);
    }

    /// <summary>The connection is ready for requests.</summary>
    public void Secured() => Tls = time.GetElapsedTime(connected);
}
