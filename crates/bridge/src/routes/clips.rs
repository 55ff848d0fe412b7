//! The clips, for the provider to play.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{Uri, header},
    response::{IntoResponse, Response},
};
use toran_domain::{AgentGender, VoiceName};
use toran_telephony::wav;

use super::{Gate, RouteError};
use crate::{
    Bridge,
    clips::{Clip, gender_from_name, gender_name},
};

/// The route; its parameters are a voice's, a gender's and a clip's name.
pub(super) const CLIP: &str = "/twilio/clip/{voice}/{gender}/{name}";
/// The provider may keep a clip for an hour: a deployment that records new ones is heard with them after that.
const CACHING: &str = "public, max-age=3600";

/// The path of a clip.
fn clip_path(clip: Clip, voice: &VoiceName, gender: AgentGender) -> String {
    CLIP.replace("{voice}", voice.as_str())
        .replace("{gender}", gender_name(gender))
        .replace("{name}", clip.name())
}

impl Gate {
    /// The public address of a clip, with the proof that we made it: the provider does not sign everything it fetches.
    pub(crate) fn clip_url(&self, clip: Clip, voice: &VoiceName, gender: AgentGender) -> String {
        let path = clip_path(clip, voice, gender);
        self.public_url(&self.own.clips.sign(&path))
    }
}

/// A clip, as a file.
pub(super) async fn clip(
    State(bridge): State<Arc<Bridge>>,
    Path((voice, gender, name)): Path<(String, String, String)>,
    uri: Uri,
) -> Result<Response, RouteError> {
    if !bridge.gate.is_own_clip(uri.path(), uri.query()) {
        return Err(RouteError::BadClipAddress);
    }
    let clip = gender_from_name(&gender).zip(Clip::from_name(&name));
    let (gender, clip) = clip.ok_or(RouteError::NoSuchClip)?;
    let headers = [
        (header::CONTENT_TYPE, "audio/wav"),
        (header::CACHE_CONTROL, CACHING),
    ];
    let file = wav::from_mulaw(&bridge.config.clips.get(clip, &voice, gender));
    Ok((headers, file).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_has_a_path_of_its_own() {
        let path = clip_path(Clip::NoPlace, &"cedar".parse().unwrap(), AgentGender::Male);
        assert_eq!(path, "/twilio/clip/cedar/male/no-place");
    }
}
